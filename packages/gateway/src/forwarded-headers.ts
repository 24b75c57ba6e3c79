/** Which headers travel on: to the provider, back to the caller, and into the record. */
import type { IncomingHttpHeaders } from "node:http";
import type { GatewayRequest } from "./http.ts";

/** Headers of one connection (RFC 9110, section 7.6.1), and those whose value another hop must set. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "host",
]);

/** Of the caller's headers, what is meant for Sluice or made by the platform in front of it. */
const NOT_FOR_PROVIDER = new Set([
  "accept-encoding",
  "api-key",
  "authorization",
  "baggage",
  "cookie",
  "expect",
  "forwarded",
  "traceparent",
  "tracestate",
  "via",
  "x-api-key",
  "x-goog-api-key",
  "x-session-id",
  "x-user-id",
]);
const NOT_FOR_PROVIDER_PREFIX =
  /^(x-sluice-|x-portkey-|x-litellm-|langfuse_|x-forwarded-|x-amzn-|cloudfront-)/;

/** Encodings that the flusher can undo. */
const READABLE_ENCODINGS = new Set(["gzip", "br", "deflate", "zstd", "identity"]);

/**
 * The headers of the request to a provider: the caller's, known or not, without its credentials and
 * what was meant for us. A stream is asked for without compression, since its end must be recognised.
 */
export function requestHeaders(
  caller: GatewayRequest["headers"],
  ofProvider: Readonly<Record<string, string>>,
  streaming: boolean,
): Record<string, string> {
  const headers: Record<string, string> = { ...ofProvider };
  for (const [name, value] of Object.entries(caller)) {
    if (value === undefined || HOP_BY_HOP.has(name) || NOT_FOR_PROVIDER.has(name)) continue;
    if (!NOT_FOR_PROVIDER_PREFIX.test(name)) headers[name] = value;
  }
  headers["accept-encoding"] = streaming ? "identity" : readableEncodings(caller["accept-encoding"]);
  return headers;
}

/**
 * The headers of a request that was translated. The caller's own speak of the other format (its version, its betas), so none of
 * them but its name travels on.
 */
export function translatedHeaders(
  caller: GatewayRequest["headers"],
  ofProvider: Readonly<Record<string, string>>,
): Record<string, string> {
  const userAgent = caller["user-agent"];
  return {
    ...ofProvider,
    "content-type": "application/json",
    "accept-encoding": "identity",
    ...(userAgent !== undefined && { "user-agent": userAgent }),
  };
}

/** Headers that are credentials, or may be: no config can have them recorded. */
const CREDENTIALS = /authorization|cookie|api-?key|token|secret|password|signature|credential/;

/** Those of the caller's headers that drains keep, for the record; undefined when there are none. */
export function callerHeaders(
  caller: GatewayRequest["headers"],
  kept: readonly string[],
): Record<string, string> | undefined {
  const found = kept.flatMap((name): [string, string][] => {
    const value = caller[name];
    return value === undefined || CREDENTIALS.test(name) ? [] : [[name, value]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Of the provider's headers, what the platform in front of Sluice sets itself or what names a session with us. */
const NOT_FOR_CALLER = new Set(["alt-svc", "date", "server", "set-cookie"]);

/** What was done to a body on its way, and its headers must not deny. */
export interface BodyChanges {
  /** Its compression has been undone. */
  readonly decoded: boolean;
  /** It was translated, and is of this type now. */
  readonly contentType?: string;
}

/** The provider's headers for the caller. */
export function answerHeaders(
  provider: IncomingHttpHeaders,
  { decoded, contentType }: BodyChanges,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(provider)) {
    if (value === undefined || HOP_BY_HOP.has(name) || NOT_FOR_CALLER.has(name)) continue;
    if (!(decoded && name === "content-encoding")) headers[name] = String(value);
  }
  return contentType === undefined ? headers : { ...headers, "content-type": contentType };
}

const RECORDED =
  /^(content-type|content-encoding|retry-after|retry-after-ms|x-should-retry|cf-ray|(x-|anthropic-)?request-id|apim-request-id|x-amzn-requestid|x-amzn-errortype|openai-.+|(x-|anthropic-)ratelimit-.+)$/;

/** The provider's headers for the record: an allow-list, so that no cookie or credential can slip in. */
export function recordedHeaders(provider: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(provider).flatMap(([name, value]) =>
      value !== undefined && RECORDED.test(name) ? [[name, String(value)]] : [],
    ),
  );
}

function readableEncodings(accepted: string | undefined): string {
  const kept = (accepted ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => READABLE_ENCODINGS.has((part.split(";")[0] ?? "").trim().toLowerCase()));
  return kept.length > 0 ? kept.join(", ") : "identity";
}
