/** Errors of chat completions, in all the shapes that providers give them. */
import {
  type AnswerError,
  asList,
  asObject,
  asText,
  type JsonObject,
  parseJson,
  readErrorBody,
} from "@sluice/wire";
import type { ProviderError } from "../answer.ts";

/** OpenAI's words for the kinds of errors (its reference, "Error codes"), by status. */
const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  409: "conflict_error",
  413: "invalid_request_error",
  422: "invalid_request_error",
  429: "rate_limit_error",
};

/** Statuses that words stand for, for errors inside a stream, which have none of their own. */
const STATUSES = new Map<unknown, number>([
  ["invalid_request_error", 400],
  ["context_length_exceeded", 400],
  ["invalid_api_key", 401],
  ["authentication_error", 401],
  ["permission_error", 403],
  ["permission_denied", 403],
  ["not_found_error", 404],
  ["model_not_found", 404],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["rate_limit_exceeded", 429],
  ["insufficient_quota", 429],
  ["requests", 429],
  ["tokens", 429],
  ["overloaded_error", 529],
  ["timeout_error", 504],
]);

/** OpenAI's own words: they stay as they are. Those of others go to `code`, and the status decides the type. */
const OPENAI_TYPES = new Set([...Object.values(TYPES), "server_error", "api_error", "requests", "tokens"]);

/** Most characters that are quoted of a body that is no JSON. */
const MAX_QUOTED = 300;

/** Reads the body of a failed answer. A page of HTML, as proxies send, is told by its status alone. */
export function readError(body: string, status: number): ProviderError {
  const value = parseJson(body);
  if (value === undefined) {
    const text = body.trim();
    const quoted = text === "" || text.startsWith("<") ? "" : ` ${text.slice(0, MAX_QUOTED)}`;
    return { message: `The provider answered with status ${status}.${quoted}`, status };
  }
  const first = asObject(Array.isArray(value) ? value[0] : value);
  return { ...toProviderError(readErrorBody(value, status), status), ...readParam(first) };
}

/** An error inside a stream, or in a body under a good status. */
export function readStreamError(error: AnswerError): ProviderError {
  const told = typeof error.code === "number" ? error.code : Number(error.code ?? Number.NaN);
  const named = STATUSES.get(error.type) ?? STATUSES.get(error.code);
  const status = told >= 400 && told <= 599 ? told : (named ?? 500);
  const raw = asObject(error.raw);
  return { ...toProviderError(error, status), ...readParam({ error: raw }) };
}

function toProviderError(error: AnswerError, status: number): ProviderError {
  return {
    message: error.message,
    status,
    ...(error.type !== undefined && { type: error.type }),
    ...(error.code !== undefined && { code: String(error.code) }),
  };
}

function readParam(body: JsonObject | undefined): { readonly param?: string } {
  const error = asObject(body?.["error"]) ?? asObject(asList(body?.["errors"])[0]);
  const param = asText(error?.["param"]);
  return param === undefined ? {} : { param };
}

/** An error's body in OpenAI's shape. */
export function writeError({ message, status, type, code, param }: ProviderError): JsonObject {
  const known = type !== undefined && OPENAI_TYPES.has(type);
  const byStatus = TYPES[status] ?? (status >= 500 ? "server_error" : "invalid_request_error");
  return {
    error: {
      message,
      type: known ? type : byStatus,
      param: param ?? null,
      code: code ?? (known ? null : (type ?? null)),
    },
  };
}
