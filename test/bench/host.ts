/**
 * Serves a built function as a plain server, without the runtime client: what the gateway's own code takes, as the
 * peer's own server is measured. Arguments: the bundle's directory, the port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { text } from "node:stream/consumers";

type Handler = (event: object, stream: Writable, context: object) => Promise<void>;

const TIMEOUT_MS = 60_000;
const [, , directory = "", port = ""] = process.argv;

Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Handler) => handler,
    HttpResponseStream: {
      from: (response: ServerResponse, head: { statusCode: number; headers: Record<string, string> }) =>
        response.writeHead(head.statusCode, head.headers),
    },
  },
});
const { handler } = (await import(join(directory, "index.mjs"))) as { handler: Handler };

createServer((request, response) => {
  void serve(request, response);
}).listen(Number(port), "127.0.0.1");

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const event = {
    rawPath: request.url,
    rawQueryString: "",
    headers: request.headers,
    requestContext: { http: { method: request.method, sourceIp: request.socket.remoteAddress } },
    body: await text(request),
    isBase64Encoded: false,
  };
  await handler(event, response, { getRemainingTimeInMillis: () => TIMEOUT_MS });
}
