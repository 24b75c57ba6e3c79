/** Calls, errors, tokens, cost and latency over the time. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { quantile, RANGES, seriesOf } from "../charts/series.ts";
import { count, duration, money } from "../format/numbers.ts";
import { calls, system } from "../state/store.ts";
import { NoSink } from "./no-sink.tsx";
import { Plot } from "./plot.tsx";

const REFRESH_MS = 1000;

/** From the calls that the page has: the newest ten thousand. */
export function ChartsView() {
  const chosen = useSignal(0);
  const nowMs = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      nowMs.value = Date.now();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  if (system.value && !system.value.hasSink) return <NoSink what="Charts of calls" />;
  const range = RANGES[chosen.value] ?? RANGES[0];
  if (!range) return null;
  const rows = (calls.value ?? []).filter(
    ({ startedAtMs }) => startedAtMs > nowMs.value - range.stepMs * range.steps,
  );
  const series = seriesOf(rows, range, nowMs.value);
  const errors = rows.filter(({ level }) => level === "ERROR").length;
  const latencies = rows.map(({ durationMs }) => durationMs);
  const numbers = [
    ["Calls", rows.length.toLocaleString("en")],
    ["Errors", rows.length === 0 ? "–" : `${((100 * errors) / rows.length).toFixed(1)} %`],
    ["Tokens", count(rows.reduce((sum, row) => sum + row.inputTokens + row.outputTokens, 0))],
    ["Cost", money(rows.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0))],
    ["p50", shown(quantile(latencies, 0.5))],
    ["p95", shown(quantile(latencies, 0.95))],
  ] as const;
  return (
    <div class="page">
      <header class="page-head">
        <h1>Charts</h1>
        <div class="segments" role="group" aria-label="Time">
          {RANGES.map(({ label }, index) => (
            <button
              key={label}
              type="button"
              aria-pressed={chosen.value === index}
              onClick={() => {
                chosen.value = index;
              }}
            >
              {label}
            </button>
          ))}
        </div>
      </header>
      <ul class="tiles">
        {numbers.map(([name, value]) => (
          <li key={name} class="tile">
            <b>{value}</b>
            <span>{name}</span>
          </li>
        ))}
      </ul>
      <div class="plots">
        <Plot
          title="Calls"
          times={series.times}
          lines={[
            { label: "all", values: series.calls, colour: "--accent", isBar: true },
            { label: "errors", values: series.errors, colour: "--bad", isBar: true },
          ]}
          format={count}
        />
        <Plot
          title="Latency"
          times={series.times}
          lines={[
            { label: "p50", values: series.p50, colour: "--accent" },
            { label: "p95", values: series.p95, colour: "--warn" },
          ]}
          format={duration}
        />
        <Plot
          title="Tokens"
          times={series.times}
          lines={[
            { label: "in", values: series.inputTokens, colour: "--accent" },
            { label: "out", values: series.outputTokens, colour: "--second" },
          ]}
          format={count}
        />
        <Plot
          title="Cost"
          times={series.times}
          lines={[{ label: "USD", values: series.cost, colour: "--accent", isBar: true }]}
          format={money}
        />
      </div>
    </div>
  );
}

function shown(ms: number | null): string {
  return ms === null ? "–" : duration(ms);
}
