/** Finds the error in a body or a stream event of Google's APIs (AIP-193, "Errors"). */
import type { AnswerError } from "../assembled.ts";
import { asList, asObject, asText } from "../json-value.ts";
import { readErrorBody } from "../openai/answer-error.ts";
import { member } from "./member.ts";

/**
 * The error that a body or event tells of: `{"error": {code, message, status, details}}`, alone or as the element of a
 * list, as it comes where a list was to be streamed. The type is Google's canonical `status`. Undefined when there is none.
 */
export function findGeminiError(body: unknown): AnswerError | undefined {
  const holder = Array.isArray(body)
    ? asList(body)
        .map(asObject)
        .find((each) => each && "error" in each)
    : asObject(body);
  const error = asObject(holder?.["error"]);
  if (!error) return undefined;
  const type = asText(error["status"]);
  const code = typeof error["code"] === "number" ? error["code"] : asText(error["code"]);
  const message = asText(error["message"]) ?? type ?? (code === undefined ? undefined : String(code));
  if (message === undefined) return undefined;
  return { message, ...(type !== undefined && { type }), ...(code !== undefined && { code }), raw: error };
}

/** The error in the body of a failed answer: Google's own, or whatever shape a proxy in between gave it. */
export function readGeminiErrorBody(body: unknown, status: number): AnswerError {
  return findGeminiError(body) ?? readErrorBody(body, status);
}

/** How long the provider asks to wait before another try (`google.rpc.RetryInfo`), milliseconds. */
export function retryDelayMs(error: unknown): number | undefined {
  for (const detail of asList(asObject(error)?.["details"]).map(asObject)) {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(asText(member(detail, "retryDelay")) ?? "")?.[1];
    if (seconds !== undefined) return Math.ceil(Number(seconds) * 1000);
  }
  return undefined;
}
