/** OpenAI's errors, on request: a model name or a user message with `demo-error-429` gives that status. */

/** An answer that is an error. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** `type`, `code` and `param` of OpenAI's error body. */
  readonly details: ApiErrorDetails;
  constructor(status: number, message: string, details: ApiErrorDetails) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** See https://platform.openai.com/docs/guides/error-codes */
export interface ApiErrorDetails {
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
}

const ON_REQUEST = /demo-error-([45]\d\d)\b/;
/** Seconds that a client is asked to wait after a 429. */
const RETRY_AFTER_SECONDS = 1;

/** Type, code and text as OpenAI gives them for a status. */
const KNOWN: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ["invalid_request_error", "invalid_value", "Invalid value, as you asked for."],
  401: ["invalid_request_error", "invalid_api_key", "Incorrect API key provided."],
  403: [
    "invalid_request_error",
    "unsupported_country_region_territory",
    "Country, region, or territory not supported",
  ],
  404: [
    "invalid_request_error",
    "model_not_found",
    "The model does not exist or you do not have access to it.",
  ],
  429: ["requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1s."],
  500: ["server_error", null, "The server had an error while processing your request. Sorry about that!"],
  503: ["service_unavailable_error", null, "The engine is currently overloaded, please try again later"],
};

/** An error with that status; what is not given follows from the status. */
export function apiError(status: number, message?: string, details: Partial<ApiErrorDetails> = {}): ApiError {
  const fallback = status < 500 ? "invalid_request_error" : "server_error";
  const [type, code, text] = KNOWN[status] ?? [fallback, null, `Status ${status}, as you asked for.`];
  return new ApiError(status, message ?? text, {
    type,
    code: message === undefined ? code : null,
    param: null,
    ...details,
  });
}

/** The error that one of the texts asks for, or undefined. */
export function errorOnRequest(...texts: readonly string[]): ApiError | undefined {
  const [, status] = ON_REQUEST.exec(texts.join("\n")) ?? [];
  return status === undefined ? undefined : apiError(Number(status));
}

/** Headers beside the content type. */
export function errorHeaders({ status }: ApiError): Record<string, string> {
  return status === 429 ? { "retry-after": String(RETRY_AFTER_SECONDS) } : {};
}

/** OpenAI's error body. */
export function errorBody({ message, details }: ApiError): object {
  const { type, code, param } = details;
  return { error: { message, type, param, code } };
}
