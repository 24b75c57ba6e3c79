/** What a caller may be told. Anything else that is thrown is a fault of ours and answered as 500. */
import {
  type AnthropicError,
  anthropicErrorBody,
  type OpenAiError,
  openAiErrorBody,
} from "@sluice/wire/pipe";

/** Whose shape an error is told in: that of the format the caller speaks. */
export type ErrorShape = "openai" | "anthropic";

/** An error that is answered to the caller as it says. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly status: number;
  readonly error: OpenAiError;
  /** Answer headers besides the content type, for example `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    error: OpenAiError,
    options: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(error.message, { cause: options.cause });
    this.status = status;
    this.error = error;
    this.headers = options.headers ?? {};
  }
}

/** Why a provider gave no answer, or no whole one. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  readonly code:
    | "upstream_unreachable"
    | "upstream_timeout"
    | "upstream_broken"
    /** The answer came, and is none that its format knows: it cannot be translated. */
    | "upstream_unreadable"
    | "deadline_exceeded";

  constructor(code: UpstreamError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Tells the official SDKs that a retry cannot help (openai-node and anthropic-sdk honour it). */
export const NO_RETRY = { "x-should-retry": "false" };

/** 400: the request itself is wrong. */
export function badRequest(code: string, message: string, param?: string): GatewayError {
  return new GatewayError(
    400,
    { message, type: "invalid_request_error", code, ...(param !== undefined && { param }) },
    { headers: NO_RETRY },
  );
}

/** 401: no virtual key, or none that counts. */
export function unauthorized(message: string): GatewayError {
  return new GatewayError(
    401,
    { message, type: "authentication_error", code: "invalid_api_key" },
    { headers: { "www-authenticate": "Bearer", ...NO_RETRY } },
  );
}

/** 403: the key's allow-list does not have the model. */
export function modelNotAllowed(model: string, alias: string): GatewayError {
  return new GatewayError(
    403,
    {
      message: `The key "${alias}" may not use the model "${model}".`,
      type: "permission_error",
      code: "model_not_allowed",
      param: "model",
    },
    { headers: NO_RETRY },
  );
}

/** 404: no such path. */
export function notFound(path: string): GatewayError {
  return new GatewayError(
    404,
    {
      message: `There is nothing at ${path}. Sluice serves the paths of OpenAI's and Anthropic's APIs below /v1 (docs/endpoints.md), /proxy/<provider>/… and /health.`,
      type: "invalid_request_error",
      code: "unknown_path",
    },
    { headers: NO_RETRY },
  );
}

/** 404: the key may use no model of that name. */
export function modelNotFound(model: string): GatewayError {
  return new GatewayError(
    404,
    {
      message: `There is no model "${model}" that this key may use. GET /v1/models lists those that it may.`,
      type: "invalid_request_error",
      code: "model_not_found",
      param: "model",
    },
    { headers: NO_RETRY },
  );
}

/** 405: the path exists, but not for this method. */
export function methodNotAllowed(method: string, path: string, allow: string): GatewayError {
  return new GatewayError(
    405,
    {
      message: `${path} takes ${allow}, not ${method}.`,
      type: "invalid_request_error",
      code: "method_not_allowed",
    },
    { headers: { allow, ...NO_RETRY } },
  );
}

/** 413: the body is larger than the config's `limits.requestBytes`. */
export function requestTooLarge(bytes: number, limitBytes: number): GatewayError {
  return new GatewayError(
    413,
    {
      message: `The request has ${bytes} bytes; at most ${limitBytes} are accepted. Send large files by URL.`,
      type: "invalid_request_error",
      code: "request_too_large",
    },
    { headers: NO_RETRY },
  );
}

/** 503: a store that the gateway cannot do without does not answer. A retry may help. */
export function unavailable(code: string, message: string, cause: unknown): GatewayError {
  return new GatewayError(503, { message, type: "server_error", code }, { cause });
}

/** 500: no API key is stored for a provider, or, by `why`, none that is of use; the operator must act. */
export function providerNotConfigured(
  provider: string,
  why = "No API key is stored. Put it into the providers secret.",
): GatewayError {
  return new GatewayError(
    500,
    {
      message: `The provider "${provider}": ${why}`,
      type: "server_error",
      code: "provider_not_configured",
    },
    { headers: NO_RETRY },
  );
}

/** 400: no operation of the provider could serve the call. */
export function endpointNotOffered(provider: string, endpoint: string): GatewayError {
  return badRequest(
    "endpoint_not_offered",
    `The provider "${provider}" has no operation for ${endpoint}, and nothing that it could be translated into.`,
    "model",
  );
}

/** 400: the provider's format has no word for fields of the request. */
export function unsupportedParameters(
  provider: string,
  fields: readonly { readonly field: string; readonly reason: string }[],
): GatewayError {
  const [first] = fields;
  return badRequest(
    "unsupported_parameter",
    `The request cannot be translated for the provider "${provider}": ${fields
      .map(({ field, reason }) => `${field}: ${reason}`)
      .join(" ")} Leave the field out, or list it in the config's dropParams.`,
    first?.field,
  );
}

/** 502 or 504: the provider gave no answer. */
export function upstreamFailed(provider: string, failure: UpstreamError): GatewayError {
  return new GatewayError(
    failure.code === "upstream_timeout" || failure.code === "deadline_exceeded" ? 504 : 502,
    { message: `${provider}: ${failure.message}`, type: "server_error", code: failure.code },
    { cause: failure },
  );
}

/** Whatever was thrown, as an error for the caller. A fault of ours tells no details. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(
    500,
    {
      message: "Sluice failed on this call; its log says why.",
      type: "server_error",
      code: "internal_error",
    },
    { cause: thrown },
  );
}

/** Anthropic's own types of errors (Anthropic API, "Errors"), by status. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  405: "invalid_request_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** An error in Anthropic's shape: its type follows from the status. */
export function inAnthropicShape({ message, code }: OpenAiError, status: number): AnthropicError {
  return { message, code, type: ANTHROPIC_TYPES[status] ?? "api_error" };
}

/** The body of the answer that tells an error. */
export function errorBody(error: GatewayError, shape: ErrorShape): Buffer {
  return Buffer.from(
    shape === "anthropic"
      ? anthropicErrorBody(inAnthropicShape(error.error, error.status))
      : openAiErrorBody(error.error),
  );
}
