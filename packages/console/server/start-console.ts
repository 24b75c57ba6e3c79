/** The local console: a server on the loopback address that shows a local system as a page. It is never deployed. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { budgetReport } from "@sluice/cli/budgets/budget-report";
import { allStandings } from "@sluice/cli/budgets/standings";
import { localPlace } from "@sluice/cli/target/local-target";
import { openTarget, type Target } from "@sluice/cli/target/target";
import type { LocalEndpoints } from "@sluice/local/endpoints";
import { closeNow, listenOnLoopback } from "@sluice/local/loopback";
import type { SpanFeed } from "@sluice/local/sink/span-feed";
import type { TraceView } from "@sluice/local/sink/span-view";
import type { ConsoleEvents } from "../api/events.ts";
import { refuse, SECURITY_HEADERS } from "./admission.ts";
import { PAGE_FILES } from "./bundle-page.ts";
import { trackCalls } from "./calls.ts";
import { openEventStream } from "./event-stream.ts";
import { keepUp } from "./keep-up.ts";
import { queueReader } from "./read-queue.ts";
import { prepareRedrive } from "./redrive.ts";
import { type Answer, answer } from "./routes.ts";

/** Where the console gets everything from. */
export interface ConsoleOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** The folder that `bundlePage` wrote. */
  readonly page: string;
  readonly system: LocalEndpoints;
  /** The built-in sink; undefined when a Langfuse was named. */
  readonly sink: { trace(id: string): TraceView | undefined } | undefined;
  /** The sink's spans; undefined with it. It is closed with the console. */
  readonly feed: SpanFeed | undefined;
  /** For the audit trail. */
  readonly userName: string;
  /** Unix time, ms. */
  readonly nowMs: () => number;
  readonly random: (count: number) => Uint8Array;
  /** Gets what goes wrong, a line at a time. */
  readonly log: (line: string) => void;
}

/** A console that listens. */
export interface Console {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends a redrive that runs once its records under way are sent, and every connection. */
  close(): Promise<void>;
}

/** How often new calls are looked for, ms: a call shows well within a second of its delivery. */
const CALLS_EVERY_MS = 250;
const STORES_EVERY_MS = 1000;

/** Starts it. Throws `PortInUseError`, and what reading the page's files throws. */
export async function startConsole(options: ConsoleOptions): Promise<Console> {
  const { system, sink, feed, log, nowMs } = options;
  const files = await readPage(options.page);
  const place = localPlace(system, options);
  const target = await openTarget(place, { ...options, note: log });
  const events = openEventStream();
  const redrive = prepareRedrive(target, (view) => events.send("redrive", view));
  const calls = feed && trackCalls(feed);
  const stores = storeWatch(target, redrive, nowMs);

  const follow = keepUp({
    isWatched: () => events.count() > 0,
    onProblem: (problem) => {
      if (problem !== "") log(problem);
      events.send("problem", problem);
    },
    work: [
      {
        everyMs: CALLS_EVERY_MS,
        run: async () => {
          const rows = await calls?.update();
          if (rows && rows.length > 0) events.send("calls", rows);
        },
      },
      {
        everyMs: STORES_EVERY_MS,
        run: async () => {
          const changed = await stores.changes();
          if (changed.budgets) events.send("budgets", changed.budgets);
          if (changed.queue) events.send("queue", changed.queue);
        },
      },
    ],
  });

  const openPage = async (response: ServerResponse) => {
    // What comes with this update is in the snapshot; pages that are open already get it as news.
    const rows = await calls?.update();
    if (rows && rows.length > 0) events.send("calls", rows);
    const { gatewayUrl, langfuseUrl } = system;
    const { budgets, queue } = stores.last();
    events.open(response, [
      ["system", { gatewayUrl, langfuseUrl, hasSink: sink !== undefined }],
      ["snapshot", calls?.all() ?? []],
      ["redrive", redrive.view()],
      ...(budgets ? [["budgets", budgets] as const] : []),
      ...(queue ? [["queue", queue] as const] : []),
    ]);
  };

  const sources = { trace: (id: string) => sink?.trace(id), redrive };
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const refused = refuse(request, port());
    if (refused !== undefined) return sendJson(response, { status: 403, body: { message: refused } });
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = files.get(pathname);
    if (file && request.method === "GET") {
      response.writeHead(200, { "content-type": file.type }).end(file.content);
      return;
    }
    if (pathname === "/api/events" && request.method === "GET") return await openPage(response);
    sendJson(response, await answer(request, pathname, sources));
  };

  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) => {
      log(String(error));
      if (response.headersSent) response.destroy();
      else sendJson(response, { status: 500, body: { message: String(error) } });
    });
  });
  const port = () => {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  };
  const close = async () => {
    await redrive.stop();
    await follow.stop();
    events.close();
    place.close();
    feed?.close();
  };
  try {
    const url = await listenOnLoopback(server, options.port);
    return {
      url,
      async close() {
        await close();
        await closeNow(server);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Reads budgets and queue, and tells what is not as it was the last time. */
function storeWatch(target: Target, redrive: { view(): { state: string } }, nowMs: () => number) {
  const queue = queueReader(target, nowMs);
  let last: Partial<Pick<ConsoleEvents, "budgets" | "queue">> = {};
  return {
    last: () => last,
    async changes() {
      const [standings, queueView] = await Promise.all([
        allStandings(target, nowMs()),
        queue.read(redrive.view().state !== "running"),
      ]);
      const now = { budgets: standings.map(budgetReport), queue: queueView };
      const before = last;
      last = now;
      return {
        ...(JSON.stringify(now.budgets) !== JSON.stringify(before.budgets) && { budgets: now.budgets }),
        ...(JSON.stringify(now.queue) !== JSON.stringify(before.queue) && { queue: now.queue }),
      };
    },
  };
}

async function readPage(folder: string) {
  const read = Object.entries(PAGE_FILES).map(async ([path, { file, type }]) => {
    return [path, { type, content: await readFile(join(folder, file)) }] as const;
  });
  return new Map<string, { readonly type: string; readonly content: Buffer }>(await Promise.all(read));
}

function sendJson(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
