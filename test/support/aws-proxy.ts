/** Stands between a function and an AWS service, so that a test can hold requests back or look at them. */
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy in front of a service. */
export interface AwsProxy {
  readonly url: string;
  /** Called before a request is passed on, with the name of its action; the request waits for the promise. */
  before: (action: string) => Promise<void> | void;
  /** An answer to give in the service's place, which then never sees the request. Undefined passes it on. */
  instead: (action: string) => { readonly status: number; readonly body: string } | undefined;
  /** Whether the service's answer is lost: it has done what was asked, and the connection breaks. */
  loses: (action: string) => boolean;
  /** How often a request is passed on; the caller gets the first answer. 1 unless a test says else. */
  times: (action: string) => number;
  /** Actions that the service has answered, in order. */
  readonly answered: string[];
  stop(): Promise<void>;
}

/** Starts a proxy in front of the service at `target`. */
export async function startAwsProxy(target: string): Promise<AwsProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, response) => {
    const action = String(incoming.headers["x-amz-target"] ?? incoming.method).replace(/^.*\./, "");
    void (async () => {
      await proxy.before(action);
      const instead = proxy.instead(action);
      if (instead) {
        incoming.resume();
        response.writeHead(instead.status, { "content-type": "application/x-amz-json-1.0" });
        response.end(instead.body);
        return;
      }
      const outgoing = httpRequest(
        { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (answer) => {
          if (proxy.loses(action)) {
            answer.resume();
            answer.on("end", () => {
              proxy.answered.push(action);
              response.destroy();
            });
            return;
          }
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
          answer.on("end", () => proxy.answered.push(action));
        },
      );
      outgoing.on("error", () => response.destroy());
      const more = Array.from({ length: proxy.times(action) - 1 }, () => {
        const copy = httpRequest(
          { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
          (answer) => answer.resume(),
        );
        copy.on("error", () => response.destroy());
        return copy;
      });
      for (const request of [outgoing, ...more]) incoming.pipe(request);
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: AwsProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    before: () => undefined,
    instead: () => undefined,
    loses: () => false,
    times: () => 1,
    answered: [],
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
