/** The bare pass-through as a server of its own. Listens on the port in its first argument. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { forward } from "./forward.ts";

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const answer = await forward(Buffer.concat(chunks));
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

createServer((request, response) => {
  void serve(request, response);
}).listen(Number(process.argv[2]), "127.0.0.1");
