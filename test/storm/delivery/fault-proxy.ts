/** Stands between the functions and an AWS service, sees every request whole, and does to it what it is told. */
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A request as a function sent it. */
export interface AwsRequest {
  /** The action, for example `SendMessage`; for S3 the HTTP method. */
  readonly action: string;
  readonly path: string;
  readonly body: Buffer;
}

/** What the service answered. */
export interface AwsAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** What happens to a request. */
export type Fate =
  | {
      readonly kind: "pass";
      /** Time that it is held back, ms. */
      readonly afterMs?: number;
      /** How often it is passed on; the caller gets the first answer. Default 1. */
      readonly times?: number;
      /** Whether the connection breaks once the service has done what was asked. */
      readonly loses?: boolean;
    }
  /** The service never sees it. */
  | { readonly kind: "instead"; readonly status: number; readonly body: string }
  | { readonly kind: "reset" };

/** Decides on requests and looks at answers. */
export interface ProxyBehaviour {
  fateOf(request: AwsRequest): Fate;
  /** Changes a request's body on its way. */
  rewrite?(request: AwsRequest): Buffer;
  /** Changes an answer on its way back. */
  rewriteAnswer?(request: AwsRequest, answer: AwsAnswer): AwsAnswer;
  /** Told of every answer of the service itself, before the caller gets it or loses it. */
  done?(request: AwsRequest, answer: AwsAnswer): void;
}

/** A running proxy. */
export interface FaultProxy {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a proxy in front of the service at `target`. */
export async function startFaultProxy(target: string, behaviour: ProxyBehaviour): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);

  async function pass(incoming: IncomingMessage, body: Buffer) {
    const headers: IncomingMessage["headers"] = {
      ...incoming.headers,
      "content-length": String(body.length),
    };
    delete headers["transfer-encoding"];
    const outgoing = httpRequest({ hostname, port, method: incoming.method, path: incoming.url, headers });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { answer, body: await readAll(answer) };
  }

  const server = createServer((incoming, response) => {
    void (async () => {
      const action = String(incoming.headers["x-amz-target"] ?? incoming.method).replace(/^.*\./, "");
      const request = { action, path: incoming.url ?? "", body: await readAll(incoming) };
      const fate = behaviour.fateOf(request);
      if (fate.kind === "reset") {
        response.destroy();
        return;
      }
      if (fate.kind === "instead") {
        const type = fate.body.startsWith("<") ? "application/xml" : "application/x-amz-json-1.0";
        response.writeHead(fate.status, { "content-type": type }).end(fate.body);
        return;
      }
      if (fate.afterMs !== undefined) await sleep(fate.afterMs);
      const body = behaviour.rewrite?.(request) ?? request.body;
      for (let copies = 1; copies < (fate.times ?? 1); copies++) await pass(incoming, body);
      const passed = await pass(incoming, body);
      const answer = { status: passed.answer.statusCode ?? 502, body: passed.body };
      behaviour.done?.(request, answer);
      if (fate.loses) {
        response.destroy();
        return;
      }
      const final = behaviour.rewriteAnswer?.(request, answer) ?? answer;
      const headers: IncomingMessage["headers"] = { ...passed.answer.headers };
      delete headers["transfer-encoding"];
      // Of the body as the service wrote it.
      if (final !== answer) delete headers["x-amz-crc32"];
      if (incoming.method !== "HEAD") headers["content-length"] = String(final.body.length);
      response.writeHead(final.status, headers).end(final.body);
    })().catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
