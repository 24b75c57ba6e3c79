/** The spans of a trace along the time. */
import type { TraceView } from "@sluice/local/sink/span-view";
import { waterfallOf } from "../charts/waterfall.ts";
import { duration } from "../format/numbers.ts";
import { goTo } from "../state/route.ts";

/** Calls, and below each its failed attempts. `spanId` is the call that is open. */
export function Waterfall({ trace, spanId }: { readonly trace: TraceView; readonly spanId: string }) {
  const { bars, totalMs } = waterfallOf(trace.spans);
  const percent = (ms: number) => `${(100 * ms) / totalMs}%`;
  return (
    <section class="waterfall" aria-label="Waterfall">
      <div class="ticks" aria-hidden="true">
        <span>{trace.spans.length === 1 ? "1 span" : `${trace.spans.length} spans`}</span>
        <div>
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <i key={share} style={{ left: `${share * 100}%` }}>
              {duration(totalMs * share)}
            </i>
          ))}
        </div>
      </div>
      <ol>
        {bars.map(({ span, depth, offsetMs, durationMs, firstTokenMs }) => {
          const isCall = span.metadata["attempt"] === undefined;
          const label = `${span.name}, ${duration(durationMs)}, from ${duration(offsetMs)}${span.level === "ERROR" ? ", failed" : ""}`;
          const open = () => goTo({ view: "calls", open: { traceId: trace.id, spanId: span.id } });
          return (
            <li key={`${span.id} ${span.startTime}`} class={span.id === spanId ? "open" : ""}>
              <button
                type="button"
                disabled={!isCall}
                aria-label={label}
                title={span.statusMessage ?? label}
                onClick={open}
              >
                <span class="name" style={{ paddingLeft: `${depth * 14}px` }}>
                  <i class={`dot ${span.level.toLowerCase()}`} aria-hidden="true" />
                  {span.name}
                </span>
                <span class="track">
                  <span
                    class={`bar ${span.level.toLowerCase()}`}
                    style={{ left: percent(offsetMs), width: percent(durationMs) }}
                  />
                  {firstTokenMs !== undefined && (
                    <span
                      class="first-token"
                      style={{ left: percent(offsetMs + firstTokenMs) }}
                      title={`First token after ${duration(firstTokenMs)}`}
                    />
                  )}
                </span>
                <span class="took num">{duration(durationMs)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
