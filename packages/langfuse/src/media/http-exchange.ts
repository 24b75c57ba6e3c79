/** Sends one request and reads its answer, with node:http or node:https: no dependency, no redirect that is followed. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** What came of one request. */
export type ExchangeResult =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** The `Retry-After` header. */
      readonly retryAfter?: string;
      /** The body's beginning, as text. */
      readonly body: string;
    }
  /** No answer: refused, reset, timed out. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** A request. */
export interface ExchangeRequest {
  readonly method: "POST" | "PUT" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends a request, until the signal ends it; resolves whatever happens. */
export type Exchange = (request: ExchangeRequest, signal: AbortSignal) => Promise<ExchangeResult>;

/** Most bytes of an answer that are kept: presigned URLs have one or two thousand. */
const MAX_BODY_BYTES = 64 * 1024;

/** A sender with its own connections, which it keeps. */
export function createHttpExchange(): Exchange {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  return ({ method, url, headers, body }, signal) =>
    new Promise((resolve) => {
      const secure = url.protocol === "https:";
      const options = {
        method,
        headers: { ...headers, "content-length": body.byteLength },
        signal,
        agent: secure ? https : http,
      };
      const failed = (error: Error) => {
        const why = signal.aborted ? "the time for it is up" : error.message;
        resolve({ kind: "unanswered", reason: `${url.host} cannot be reached: ${why}.` });
      };
      const request = secure ? httpsRequest(url, options) : httpRequest(url, options);
      request.on("error", failed);
      request.on("response", (response) => {
        readAnswer(response).then(resolve, failed);
      });
      request.end(body);
    });
}

async function readAnswer(response: IncomingMessage): Promise<ExchangeResult> {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (keptBytes < MAX_BODY_BYTES) kept.push(chunk);
    keptBytes += chunk.byteLength;
  }
  const retryAfter = response.headers["retry-after"];
  return {
    kind: "answered",
    status: response.statusCode ?? 0,
    ...(retryAfter !== undefined && { retryAfter }),
    body: Buffer.concat(kept).toString("utf8"),
  };
}
