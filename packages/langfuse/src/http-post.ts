/** Sends one request with node:http or node:https: no dependency, nothing to load at the start. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { asObject, asText, parseJson } from "@sluice/wire";
import type { PostResult } from "./export-policy.ts";

/** Sends a body; resolves whatever happens. */
export type Post = (
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
) => Promise<PostResult>;

/** Most bytes of an answer that are kept: a 207 speaks of each of thousands of events. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
/** Most bytes of an answer that are looked at for its message. */
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_MESSAGE_LENGTH = 300;

/** A sender with its own connections, which it keeps. `timeoutMs` bounds a request from start to end. */
export function createHttpPost(timeoutMs: number): Post {
  const http = new HttpAgent({ keepAlive: true });
  const https = new HttpsAgent({ keepAlive: true });
  return (url, headers, body) =>
    new Promise((resolve) => {
      const secure = url.protocol === "https:";
      const options = {
        method: "POST",
        headers: { ...headers, "content-length": body.byteLength },
        signal: AbortSignal.timeout(timeoutMs),
        agent: secure ? https : http,
      };
      const failed = (error: Error) => {
        const timedOut = error.name === "AbortError" || error.name === "TimeoutError";
        const why = timedOut ? `no answer within ${timeoutMs} ms` : error.message;
        resolve({ kind: "unanswered", reason: `${url.host} cannot be reached: ${why}.` });
      };
      const request = secure ? httpsRequest(url, options) : httpRequest(url, options);
      request.on("error", failed);
      request.on("response", (response) => {
        void readAnswer(response).then(resolve);
      });
      request.end(body);
    });
}

async function readAnswer(response: IncomingMessage): Promise<PostResult> {
  const retryAfter = response.headers["retry-after"];
  const contentType = response.headers["content-type"];
  const body = await readStart(response);
  const isText = !contentType?.includes("protobuf");
  const message = isText ? readMessage(body.toString("utf8", 0, MAX_MESSAGE_BYTES)) : undefined;
  return {
    kind: "answered",
    status: response.statusCode ?? 0,
    body,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(contentType !== undefined && { contentType }),
    ...(message !== undefined && { message }),
  };
}

/** The body's beginning. It is read to the end all the same, so that the connection can be used again. */
async function readStart(response: IncomingMessage): Promise<Buffer> {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (keptBytes < MAX_KEPT_BYTES) kept.push(chunk);
      keptBytes += chunk.byteLength;
    }
  } catch {
    // The status has been received, and it decides: a 200 whose body broke off is stored.
  }
  return Buffer.concat(kept);
}

/** Langfuse's errors carry `message` or `error`; a proxy's 413 is often plain text or a page. */
function readMessage(body: string): string | undefined {
  const parsed = parseJson(body);
  const { message, error } = asObject(parsed) ?? {};
  const text = asText(message) ?? asText(error) ?? (parsed === undefined ? asText(body) : undefined);
  return text?.slice(0, MAX_MESSAGE_LENGTH).replaceAll(/\s+/g, " ").trim();
}
