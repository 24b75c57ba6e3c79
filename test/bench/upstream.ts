/** The provider of the bench, a process of its own. Answers at once, and always the same. */
import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { listenOnLoopback } from "@sluice/local";
import { JSON_ANSWER, STREAM_CHUNKS, STREAM_END, USAGE_CHUNK } from "./traffic.ts";

/** Far enough apart that a reader does not find two chunks at once, as with a model that is thinking. */
const CHUNK_INTERVAL_MS = 1;

/** What it looks at of a request. */
interface ChatRequest {
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly user?: string;
}

async function answer(body: string, response: ServerResponse): Promise<void> {
  const request = JSON.parse(body) as ChatRequest;
  if (!request.stream) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON_ANSWER);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const chunk of STREAM_CHUNKS) {
    response.write(chunk);
    await (request.user === "burst" ? nextTurn() : pause(CHUNK_INTERVAL_MS));
  }
  response.end((request.stream_options?.include_usage ? USAGE_CHUNK : "") + STREAM_END);
}

const server = createServer((request, response) => {
  void (async () => {
    await answer(await text(request), response);
  })();
});
server.keepAliveTimeout = 0;
process.stdout.write(`${await listenOnLoopback(server, 0)}\n`);
