/** A real HTTP server that speaks the ingestion API of Langfuse v2 and v3: events are kept by their id, bodies by theirs. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiIngestionEvent, ApiIngestionResponse } from "langfuse";

/** A request as it arrived. */
export interface ReceivedBatch {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly events: readonly ApiIngestionEvent[];
}

/** What is said of an event that is not taken. */
export type EventVerdict =
  | { readonly status: number; readonly message?: string; readonly error?: string }
  | undefined;

/** What the server says. */
export interface LegacyBehaviour {
  /** Of an event. Default: it is taken. */
  event?(event: ApiIngestionEvent): EventVerdict;
  /** In place of a 207. */
  request?(batch: ReceivedBatch): { readonly status: number; readonly body?: string } | undefined;
}

/** A running server. */
export interface LegacyLangfuse extends AsyncDisposable {
  readonly baseUrl: string;
  readonly requests: readonly ReceivedBatch[];
  /** What was taken, by the event's id: one that comes again is taken once. */
  readonly taken: ReadonlyMap<string, ApiIngestionEvent>;
  /** Events of that type, as they are stored. */
  bodies(type: ApiIngestionEvent["type"]): readonly unknown[];
}

/** Starts one on a free port of this machine. */
export async function startLegacyLangfuse(behaviour: LegacyBehaviour = {}): Promise<LegacyLangfuse> {
  const requests: ReceivedBatch[] = [];
  const taken = new Map<string, ApiIngestionEvent>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const { batch } = JSON.parse(body.toString()) as { batch: ApiIngestionEvent[] };
      const received = {
        path: request.url ?? "",
        headers: request.headers,
        bytes: body.byteLength,
        events: batch,
      };
      requests.push(received);
      const refused = behaviour.request?.(received);
      if (refused) {
        response.writeHead(refused.status, { "content-type": "text/plain" }).end(refused.body);
        return;
      }
      const answer: ApiIngestionResponse = { successes: [], errors: [] };
      for (const event of batch) {
        const verdict = behaviour.event?.(event);
        if (verdict) {
          answer.errors.push({ id: event.id, ...verdict });
        } else {
          taken.set(event.id, event);
          answer.successes.push({ id: event.id, status: 201 });
        }
      }
      response.writeHead(207, { "content-type": "application/json" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    taken,
    bodies: (type) => [...taken.values()].filter((event) => event.type === type).map(({ body }) => body),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
