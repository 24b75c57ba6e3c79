/** The paths that are model calls, and what each one is. */
import type { Endpoint } from "@sluice/trace";

/** A path that is passed on to a provider and traced. */
export interface InferenceEndpoint {
  readonly endpoint: Endpoint;
  /** The path below a provider's base URL. */
  readonly upstreamPath: string;
}

/** By path at the gateway. */
export const INFERENCE_ENDPOINTS: ReadonlyMap<string, InferenceEndpoint> = new Map([
  ["/v1/chat/completions", { endpoint: "chat.completions", upstreamPath: "/chat/completions" }],
  ["/v1/embeddings", { endpoint: "embeddings", upstreamPath: "/embeddings" }],
]);
