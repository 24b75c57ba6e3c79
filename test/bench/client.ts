/** The caller of the bench: one connection, one call at a time, every answer checked. */
import { Agent, request as httpRequest } from "node:http";
import { JSON_ANSWER, REQUESTS, STREAM_CHUNKS } from "./traffic.ts";

/** The two kinds of call. */
export type CallKind = keyof typeof REQUESTS;

/** Where calls go, and with which headers beside the content type. */
export interface Target {
  /** Without a slash at its end. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How long a call took. */
export interface CallTime {
  /** From the request to the first byte of the answer's body, ms. */
  readonly firstByteMs: number;
}

/** Calls a target over a kept connection. */
export type Client = (kind: CallKind) => Promise<CallTime>;

/** Makes a client. Its calls reject when the connection fails, or when the answer is not what the provider sent. */
export function createClient({ origin, headers }: Target): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (kind) => {
    const body = REQUESTS[kind];
    return new Promise((resolve, reject) => {
      const startedAtMs = performance.now();
      const request = httpRequest(`${origin}/v1/chat/completions`, {
        method: "POST",
        agent,
        headers: {
          ...headers,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let firstByteMs = Number.NaN;
        response.on("data", (chunk: Buffer) => {
          if (chunks.length === 0) firstByteMs = performance.now() - startedAtMs;
          chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString();
          if (response.statusCode === 200 && isExpected(kind, answer)) resolve({ firstByteMs });
          else reject(new Error(`${origin} answered ${response.statusCode}: ${answer.slice(0, 500)}`));
        });
      });
      request.end(body);
    });
  };
}

/** Portkey writes each answer anew, so that only its size and its number of events are the same for all. */
function isExpected(kind: CallKind, answer: string): boolean {
  if (kind === "json") return answer.length >= JSON_ANSWER.length;
  const events = answer.split("\n\n").filter((event) => event !== "");
  return events.length === STREAM_CHUNKS.length + 1;
}
