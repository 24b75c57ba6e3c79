/** A provider for tests: a real HTTP server that answers as a test tells it, byte by byte. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers one request. */
export type Answerer = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

/** The running server. */
export interface Upstream {
  /** The base URL for a config: with `/v1`. */
  readonly baseUrl: string;
  /** Every request, in order. */
  readonly requests: ReceivedRequest[];
  /** How requests are answered from now on. */
  answer: Answerer;
  stop(): Promise<void>;
}

/** Starts a provider on a free port of the loopback interface. */
export async function startUpstream(answer: Answerer): Promise<Upstream> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      requests.push(request);
      void Promise.resolve(upstream.answer(request, response)).catch(() => response.destroy());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const upstream: Upstream = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    answer,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return upstream;
}

/** Answers with JSON. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answerer {
  return (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
  };
}

/** Answers with an event stream of exactly these pieces. */
export function sse(pieces: readonly (string | Buffer)[]): Answerer {
  return (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

/** A chat completion's chunk as OpenAI sends it. */
export function chatChunk(content: string, extra: Record<string, unknown> = {}): string {
  const choice = { index: 0, delta: { content }, logprobs: null, finish_reason: null };
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "gpt-4o-2024", choices: [choice], usage: null, ...extra })}\n\n`;
}

/** The chunk that `include_usage` adds. */
export const USAGE_CHUNK = chatChunk("", {
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
});

/** The end of a chat stream. */
export const DONE = "data: [DONE]\n\n";

/** A whole chat completion as OpenAI sends it. */
export function chatCompletion(content: string): Record<string, unknown> {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-2024",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  };
}
