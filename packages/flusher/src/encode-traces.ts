/** The traces of one call, for each drain in its own format, and what has to be in place before they are sent. */
import {
  type MediaMode,
  type ObservedCall,
  type ShownCall,
  type SpanMedia,
  showMedia,
  wholeCall,
  wholeKey,
} from "@sluice/langfuse";
import { CAPTURE_MODES, type CaptureMode } from "@sluice/trace";
import { observeRaw } from "./observe.ts";
import type { Destination, DrainRules, Wholes } from "./ports.ts";

/** What a drain shows in part only, to be kept in whole. */
export interface WholeToKeep {
  readonly key: string;
  readonly body: Uint8Array;
  /** Names of the drains whose traces say where it is kept. */
  readonly drains: ReadonlySet<string>;
}

/** The traces of one call. */
export interface EncodedTraces {
  /** By the drain's name. */
  readonly traces: ReadonlyMap<string, Uint8Array>;
  /** The files that a trace refers to, by the drain's name. */
  readonly media: ReadonlyMap<string, SpanMedia>;
  readonly whole?: WholeToKeep;
}

/**
 * The trace of a call for each drain that is not paused; one that breaks the mapping is shown raw. Throws when even that
 * fails. Without a drain nothing is mapped.
 */
export function encodeTraces(
  call: ObservedCall,
  drains: readonly Destination[],
  wholes: Pick<Wholes, "uri"> | undefined,
): EncodedTraces {
  const traces = new Map<string, Uint8Array>();
  const media = new Map<string, SpanMedia>();
  const cut = new Set<string>();
  const key = wholeKey(call.record);
  const showIn = createShow(call);
  for (const drain of drains.filter(({ rules }) => !rules?.paused)) {
    const { name } = drain;
    const keepWhole = wholes && (() => (cut.add(name), wholes.uri(key)));
    try {
      const shown = showIn(mediaMode(call, drain));
      traces.set(name, drain.encode(leaving(shown.call, drain), keepWhole));
      if (shown.media.length > 0) media.set(name, spanMedia(call, shown));
    } catch (error) {
      traces.set(name, drain.encode(leaving(rawCall(call, error), drain), keepWhole));
    }
  }
  return { traces, media, ...(cut.size > 0 && { whole: { key, body: wholeBody(call), drains: cut } }) };
}

/** What of a call may leave to a drain: the strictest of what the drain, the key and the call itself say. */
function leaving(call: ObservedCall, { rules }: Destination): ObservedCall {
  return rules ? rules.redact(call, captureMode(call, rules)) : call;
}

function captureMode({ record }: ObservedCall, rules: DrainRules | undefined): CaptureMode {
  const modes = [record.capture ?? "full", rules?.capture ?? "full"];
  return CAPTURE_MODES.findLast((mode) => modes.includes(mode)) ?? "metadata";
}

/** Files leave the account only where everything may, and go only to who keeps them. */
function mediaMode(call: ObservedCall, { media, rules }: Destination): MediaMode {
  return media && captureMode(call, rules) === "full" ? "langfuse" : "placeholder";
}

/** Drains that show files alike share the work. */
function createShow(call: ObservedCall): (mode: MediaMode) => ShownCall {
  const known = new Map<MediaMode, ShownCall>();
  return (mode) => {
    const shown = known.get(mode) ?? showMedia(call, mode);
    known.set(mode, shown);
    return shown;
  };
}

function spanMedia({ record: { trace, times } }: ObservedCall, { media }: ShownCall): SpanMedia {
  return { traceId: trace.traceId, spanId: trace.spanId, endedAtMs: times.endedAtMs, media };
}

function wholeBody(call: ObservedCall): Uint8Array {
  try {
    return wholeCall(call);
  } catch (error) {
    return wholeCall(rawCall(call, error));
  }
}

function rawCall({ record }: ObservedCall, error: unknown): ObservedCall {
  const why = error instanceof Error ? error.message : String(error);
  return observeRaw(record, `Its mapping failed: ${why}.`);
}
