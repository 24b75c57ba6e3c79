/** A Langfuse that takes everything and keeps nothing, in a process of its own. `GET /` answers with its requests. */
import { createServer } from "node:http";
import { listenOnLoopback } from "@sluice/local";

let requests = 0;
const server = createServer((request, response) => {
  request.resume().once("end", () => {
    if (request.method === "GET") {
      response.end(String(requests));
      return;
    }
    requests++;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
});
server.keepAliveTimeout = 0;
process.stdout.write(`${await listenOnLoopback(server, 0)}\n`);
