/** Server-sent events to every page that is open. */
import type { ServerResponse } from "node:http";
import type { ConsoleEvents } from "../api/events.ts";

/** An event and what it says. */
export type ConsoleEvent = {
  readonly [K in keyof ConsoleEvents]: readonly [name: K, data: ConsoleEvents[K]];
}[keyof ConsoleEvents];

/** The open pages. */
export interface EventStream {
  /** Takes a page in. It gets `first` at once, and everything that is sent from then on. */
  open(response: ServerResponse, first: readonly ConsoleEvent[]): void;
  send(...event: ConsoleEvent): void;
  /** How many pages are open. */
  count(): number;
  close(): void;
}

/** A page that is behind by so many bytes has stopped reading: it is let go, and connects anew when it wakes up. */
const MAX_BEHIND_BYTES = 50_000_000;

/** No page is open at first. */
export function openEventStream(): EventStream {
  const pages = new Set<ServerResponse>();
  return {
    open(response, first) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      // Soon after a restart of the system, the page is there again.
      response.write("retry: 1000\n\n");
      for (const event of first) response.write(encode(event));
      pages.add(response);
      response.on("close", () => pages.delete(response));
    },
    send(...event) {
      const text = encode(event);
      for (const page of pages) {
        if (page.writableLength > MAX_BEHIND_BYTES) page.destroy();
        else page.write(text);
      }
    },
    count: () => pages.size,
    close() {
      for (const page of pages) page.end();
    },
  };
}

/** JSON has no line break, which would end the event. */
function encode([name, data]: ConsoleEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
