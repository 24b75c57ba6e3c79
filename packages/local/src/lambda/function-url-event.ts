/**
 * The event of a function URL, payload format 2.0.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
 */
import type { IncomingMessage } from "node:http";

/** What a function URL hands to its function. */
export interface FunctionUrlEvent {
  readonly version: "2.0";
  readonly routeKey: "$default";
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: readonly string[];
  /** Lower-case names; several values of one name are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: "$default";
    readonly stage: "$default";
    readonly time: string;
    readonly timeEpoch: number;
  };
  /** Absent when the request has none. */
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

/** What of a request is not in its head. */
export interface RequestFacts {
  readonly body: Buffer;
  readonly requestId: string;
  /** Unix time, ms. */
  readonly nowMs: number;
}

/** Bodies of these types arrive as text, all others as base64. */
const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml)\b|application\/[^;]+\+(json|xml)\b)/i;

/** Builds the event of one request. */
export function functionUrlEvent(request: IncomingMessage, facts: RequestFacts): FunctionUrlEvent {
  const { body, requestId, nowMs } = facts;
  const url = new URL(request.url ?? "/", "http://localhost");
  const sourceIp = request.socket.remoteAddress ?? "127.0.0.1";
  const headers = joinedHeaders(request, sourceIp);
  const isText = TEXT_TYPE.test(headers["content-type"] ?? "");
  const domainName = headers["host"] ?? "localhost";
  const path = decodePath(url.pathname);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: url.search.slice(1),
    ...(request.headers.cookie !== undefined && { cookies: request.headers.cookie.split("; ") }),
    headers,
    ...(url.search.length > 1 && { queryStringParameters: joinedParameters(url.searchParams) }),
    requestContext: {
      accountId: "anonymous",
      apiId: "local",
      domainName,
      domainPrefix: domainName.split(".")[0] ?? domainName,
      http: {
        method: request.method ?? "GET",
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId,
      routeKey: "$default",
      stage: "$default",
      time: accessLogTime(nowMs),
      timeEpoch: nowMs,
    },
    ...(body.length > 0 && { body: body.toString(isText ? "utf8" : "base64") }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function joinedHeaders(request: IncomingMessage, sourceIp: string): Record<string, string> {
  const headers = Object.fromEntries(
    Object.entries(request.headersDistinct)
      .filter(([name]) => name !== "cookie")
      .map(([name, values]) => [name, (values ?? []).join(",")]),
  );
  const forwardedFor = headers["x-forwarded-for"];
  return {
    ...headers,
    "x-forwarded-for": forwardedFor ? `${forwardedFor}, ${sourceIp}` : sourceIp,
    "x-forwarded-port": String(request.socket.localPort),
    "x-forwarded-proto": "http",
  };
}

function joinedParameters(parameters: URLSearchParams): Record<string, string> {
  const names = new Set(parameters.keys());
  return Object.fromEntries([...names].map((name) => [name, parameters.getAll(name).join(",")]));
}

/** `%41` becomes `A`, as in the service; a path that is not well encoded stays as it is. */
function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** For example `12/Mar/2026:19:03:58 +0000`. */
function accessLogTime(nowMs: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(nowMs).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
