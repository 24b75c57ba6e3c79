/** Errors of `InvokeModel` in Anthropic's shape. */
import { anthropicErrorBody } from "@sluice/wire";
import type { ProviderError } from "../answer.ts";
import { readError } from "../bedrock-converse/error.ts";

/** Anthropic's words for the kinds of errors, by status (Anthropic API, "Errors"). */
const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  413: "request_too_large",
  424: "api_error",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** An error's body (JSON text) for a caller of Anthropic's format. The provider's own word for its kind stands in `code`. */
export function writeInvokeError({ message, status, type: code }: ProviderError, requestId?: string): string {
  const type = TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
  return anthropicErrorBody({
    type,
    message,
    ...(code !== undefined && { code }),
    ...(requestId !== undefined && { requestId }),
  });
}

/** The body of a failed answer for that caller. `headers`: the provider's, names in lower case. Never throws. */
export function invokeError(body: Buffer, status: number, headers: Readonly<Record<string, string>>): Buffer {
  const error = readError(body.toString("utf8"), status, headers);
  return Buffer.from(writeInvokeError(error, headers["x-amzn-requestid"]), "utf8");
}
