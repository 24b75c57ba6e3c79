/** What a provider's API is like: how it is told who calls, and which formats it speaks. */
import type { AnswerFormat } from "@sluice/trace";

/**
 * How a call is authenticated at the provider.
 * - `bearer`: `authorization: Bearer <key>`
 * - `x-api-key`: Anthropic's header
 * - `api-key`: Azure's header
 * - `x-goog-api-key`: Gemini's header
 * - `google-oauth`: an access token made from a service account's key (Vertex AI)
 * - `aws-sigv4`: signed with the function's own role (Bedrock); there is no key
 * - `none`: nothing is sent (a server of one's own)
 */
export const AUTHENTICATIONS = [
  "bearer",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "google-oauth",
  "aws-sigv4",
  "none",
] as const;

/** See `AUTHENTICATIONS`. */
export type Authentication = (typeof AUTHENTICATIONS)[number];

/** A provider's API. */
export interface ProviderApi {
  readonly auth: Authentication;
  /** Formats of conversations, the preferred one first: calls in another one are translated into it. */
  readonly speaks: readonly AnswerFormat[];
  /**
   * The version's path, where the provider's own SDKs take a base URL without it and add it themselves: an environment variable
   * with such a base URL works here as it does there.
   */
  readonly versionPath?: string;
  /** Headers that every call must have; the caller's own win. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whether calls of the provider need a key of the providers secret. */
export function needsApiKey(auth: Authentication): boolean {
  return auth !== "aws-sigv4" && auth !== "none";
}
