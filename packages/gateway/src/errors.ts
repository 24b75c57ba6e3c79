/** What a caller may be told. Anything else that is thrown is a fault of ours and answered as 500. */
import { type OpenAiError, openAiErrorBody } from "@sluice/wire";

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
  readonly code: "upstream_unreachable" | "upstream_timeout" | "upstream_broken" | "deadline_exceeded";

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

/** 404: no such path. */
export function notFound(path: string): GatewayError {
  return new GatewayError(
    404,
    {
      message: `There is nothing at ${path}. Sluice serves /v1/chat/completions, /v1/embeddings, /v1/models and /health.`,
      type: "invalid_request_error",
      code: "unknown_path",
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

/** 500: no API key is stored for a provider; the operator must act. */
export function providerNotConfigured(provider: string): GatewayError {
  return new GatewayError(
    500,
    {
      message: `No API key is stored for the provider "${provider}". Put it into the providers secret.`,
      type: "server_error",
      code: "provider_not_configured",
    },
    { headers: NO_RETRY },
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

/** The body of the answer that tells an error. */
export function errorBody(error: GatewayError): Buffer {
  return Buffer.from(openAiErrorBody(error.error));
}
