/** Errors in Anthropic's shape, and their types by status (Anthropic API, "Errors"). */
import { asObject, asText, type JsonObject, parseJson, readErrorBody } from "@sluice/wire";
import type { ProviderError } from "../answer.ts";

const TYPES: readonly (readonly [status: number, type: string])[] = [
  [400, "invalid_request_error"],
  [401, "authentication_error"],
  [402, "billing_error"],
  [403, "permission_error"],
  [404, "not_found_error"],
  [413, "request_too_large"],
  [429, "rate_limit_error"],
  [500, "api_error"],
  [504, "timeout_error"],
  [529, "overloaded_error"],
];

const TYPE_OF = new Map(TYPES);
const STATUS_OF = new Map(TYPES.map(([status, type]) => [type, status]));

/** The error in a body, whatever its shape; a body that is none (an HTML page) is not repeated. */
export function readError(body: string, status: number): ProviderError {
  const value = parseJson(body.replace(/^\uFEFF/, ""));
  const error = readErrorBody(value, status);
  return {
    message: error.message,
    status,
    ...(error.type !== undefined && { type: error.type }),
    ...(error.code !== undefined && { code: String(error.code) }),
  };
}

/** The error of an event in a stream, which has no status but a type that tells one. */
export function readErrorEvent(event: JsonObject): ProviderError {
  const type = asText(asObject(event["error"])?.["type"]);
  return readError(JSON.stringify(event), STATUS_OF.get(type ?? "") ?? 500);
}

/** The body of an error. Clients tell errors apart by Anthropic's own types, so the status names it, not the provider. */
export function writeError({ message, status, code }: ProviderError): JsonObject {
  return { type: "error", error: { type: typeOf(status), message, ...(code !== undefined && { code }) } };
}

function typeOf(status: number): string {
  const type = TYPE_OF.get(status);
  if (type !== undefined) return type;
  if (status === 503) return "overloaded_error";
  return status >= 500 ? "api_error" : "invalid_request_error";
}
