/**
 * A provider that answers with recordings: status, headers and body byte for byte, in any way in which bytes can arrive.
 * The caller names the recording and the delivery in two headers, which a gateway passes on like any other.
 */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { type CorpusCase, corpusBody } from "./corpus.ts";
import { atRandomOffsets, byteByByte, withBomAndComments, withCrlf } from "./delivery.ts";

/** The request header that holds the recording's id. */
export const CASE_HEADER = "x-replay-case";
/** The request header that holds the way of delivery. */
export const DELIVERY_HEADER = "x-replay-delivery";

/** The default takes ten times as long. */
const FAST_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** How much of a body arrives that does not arrive whole. */
const KEPT = 0.6;

/** A way of delivery that loses nothing: whoever reads it must read what a whole body says. */
export const LOSSLESS = [
  "whole",
  "event by event",
  "delayed",
  "every byte alone",
  "random offsets",
  "inside of characters",
  "crlf",
  "comments and BOM",
  "gzip",
  "br",
] as const;

/** A way of delivery that breaks off: the connection is reset. */
export const BROKEN = ["cut inside an event", "cut at the edge of an event"] as const;

/**
 * How a recording is delivered. `ended early` is a clean end in the middle; `zstd` is for callers that ask for it, since the
 * `fetch` of Node 20 cannot read it.
 */
export type Delivery = (typeof LOSSLESS)[number] | (typeof BROKEN)[number] | "ended early" | "zstd";

/** A request as it arrived. */
export interface ReplayedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The running server. */
export interface ReplayServer {
  /** Without a path. */
  readonly url: string;
  /** Every request, in order. */
  readonly requests: ReplayedRequest[];
  stop(): Promise<void>;
}

/** Starts a server of these recordings on a free port of the loopback interface. */
export async function startReplay(cases: readonly CorpusCase[]): Promise<ReplayServer> {
  const byId = new Map(cases.map((recording) => [recording.id, recording]));
  const requests: ReplayedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { url = "", headers } = incoming;
      requests.push({ path: url, headers, body: Buffer.concat(chunks) });
      const recording = byId.get(String(headers[CASE_HEADER]));
      const delivery = headers[DELIVERY_HEADER] ?? "whole";
      if (!recording || !isDelivery(delivery)) {
        response.writeHead(400).end(`No recording of this name, or no such delivery: ${url}`);
        return;
      }
      void deliver(recording, delivery, response).catch(() => response.destroy());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Whether a recording can be delivered so: a JSON body has neither events nor line ends that mean anything. */
export function canDeliver({ file }: CorpusCase, delivery: Delivery): boolean {
  return file.endsWith(".sse") || !["event by event", "crlf", "comments and BOM"].includes(delivery);
}

function isDelivery(name: unknown): name is Delivery {
  return typeof name === "string" && Object.hasOwn(PIECES, name);
}

async function deliver(recording: CorpusCase, delivery: Delivery, response: ServerResponse): Promise<void> {
  const encoding = delivery === "gzip" || delivery === "br" || delivery === "zstd" ? delivery : undefined;
  response.writeHead(recording.status, {
    ...recording.responseHeaders,
    ...(encoding && { "content-encoding": encoding }),
  });
  for (const piece of PIECES[delivery](corpusBody(recording), recording.file.endsWith(".sse"))) {
    // A cut must come after what was written has left, else nothing of the answer arrives at all.
    if (delivery.startsWith("cut")) await new Promise((resolve) => response.write(piece, resolve));
    else if (!response.write(piece)) await once(response, "drain");
    if (delivery === "delayed") await nextTurn();
  }
  if (delivery.startsWith("cut")) response.destroy();
  else response.end();
}

/** The pieces in which a body leaves, by the way of delivery. */
const PIECES: Readonly<Record<Delivery, (body: Uint8Array, isStream: boolean) => readonly Uint8Array[]>> = {
  whole: (body) => [body],
  "event by event": eventsOf,
  delayed: eventsOf,
  "every byte alone": byteByByte,
  "random offsets": anywhere,
  "inside of characters": insideCharacters,
  crlf: (body) => anywhere(withCrlf(body)),
  "comments and BOM": (body) => anywhere(withBomAndComments(body)),
  gzip: (body) => anywhere(gzipSync(body)),
  br: (body) => anywhere(brotliCompressSync(body, FAST_BROTLI)),
  zstd: (body) => anywhere(zstdCompressSync(body)),
  "cut inside an event": firstPart,
  "cut at the edge of an event": firstEvents,
  "ended early": firstEvents,
};

function anywhere(body: Uint8Array): readonly Uint8Array[] {
  return atRandomOffsets(body, body.length);
}

/** About as much as `KEPT` of the body, and never all of a stream. */
function firstEvents(body: Uint8Array, isStream: boolean): readonly Uint8Array[] {
  if (!isStream) return firstPart(body);
  const events = eventsOf(body);
  return events.slice(0, Math.max(1, Math.floor(events.length * KEPT)));
}

function firstPart(body: Uint8Array): readonly Uint8Array[] {
  return [body.subarray(0, Math.floor(body.length * KEPT))];
}

/** Each event with its blank line. */
function eventsOf(body: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(body).toString("latin1");
  return (text.match(/[^]*?(?:\r\n\r\n|\n\n|\r\r|$)/g) ?? [])
    .filter((event) => event !== "")
    .map((event) => Buffer.from(event, "latin1"));
}

/** Cut after the first byte of every character that has several. */
function insideCharacters(body: Uint8Array): readonly Uint8Array[] {
  const cuts = [...body.entries()].filter(([, byte]) => byte >= 0xc2).map(([at]) => at + 1);
  return [0, ...cuts].map((from, index) => body.subarray(from, cuts[index] ?? body.length));
}
