/** What the flushers' log says of single calls. */
import type { Incident } from "./evidence.ts";

/** The message of a line about a mark that was given up. */
export const UNMARKED = "A delivery could not be marked; the trace may be exported again.";

/** The lines that name a call, by its id. `lines` are those of all parts of the system. */
export function readFlusherLog(lines: readonly string[]): ReadonlyMap<string, readonly Incident[]> {
  const incidents = lines.flatMap((line) => {
    const json =
      line.startsWith("flusher {") && line.includes('"callId"') ? line.slice("flusher ".length) : "{}";
    const { time, message, callId, error } = JSON.parse(json) as Partial<LogLine>;
    if (time === undefined || message === undefined || callId === undefined) return [];
    return [{ callId, atMs: Date.parse(time), what: message, why: error?.message }];
  });
  return new Map(
    [...Map.groupBy(incidents, ({ callId }) => callId)].map(([callId, those]) => [
      callId,
      those.map(({ atMs, what, why }) => ({ atMs, what: why === undefined ? what : `${what} ${why}` })),
    ]),
  );
}

interface LogLine {
  readonly time: string;
  readonly message: string;
  readonly callId: string;
  readonly error: { readonly message: string };
}
