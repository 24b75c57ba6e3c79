/** One call: its numbers, its trace as a waterfall, what was said, and everything that is known. */
import type { SpanView, TraceView as Trace } from "@sluice/local/sink/span-view";
import { useEffect, useState } from "preact/hooks";
import { count, duration, moment, money } from "../format/numbers.ts";
import { fetchTrace } from "../state/actions.ts";
import { calls } from "../state/store.ts";
import { Level } from "./call-list.tsx";
import { Conversation } from "./conversation.tsx";
import { Metadata } from "./metadata.tsx";
import { Waterfall } from "./waterfall.tsx";

interface TraceViewProps {
  readonly traceId: string;
  readonly spanId: string;
  readonly onClose: () => void;
}

const TABS = ["Conversation", "Metadata", "JSON"] as const;

/** Reads the trace anew when the list hears of a call in it. */
export function TraceView({ traceId, spanId, onClose }: TraceViewProps) {
  const [trace, setTrace] = useState<Trace | "unknown">();
  const [failure, setFailure] = useState("");
  const [tab, setTab] = useState<(typeof TABS)[number]>("Conversation");
  const row = calls.value?.find(({ id }) => id === spanId);
  const known = (calls.value ?? []).filter((row) => row.traceId === traceId).length;

  useEffect(() => {
    const leaving = new AbortController();
    const read = async () => {
      try {
        setTrace((await fetchTrace(traceId, leaving.signal)) ?? "unknown");
        setFailure("");
      } catch (error) {
        if (!leaving.signal.aborted) setFailure(String(error));
      }
    };
    void read();
    return () => leaving.abort();
  }, [traceId, known]);

  const span = typeof trace === "object" ? trace.spans.find(({ id }) => id === spanId) : undefined;
  const isOther = typeof trace === "object" && trace.id !== traceId;
  return (
    <section class="trace-pane" aria-label="Trace">
      <header class="trace-head">
        <div>
          <h1>{row?.name ?? span?.name ?? "Trace"}</h1>
          <p class="faint">
            {row && <Level row={row} />} {row && moment(row.startedAtMs)}{" "}
            <span class="mono ids">{traceId}</span>
          </p>
        </div>
        <button type="button" class="icon" aria-label="Close the call" title="Close (Esc)" onClick={onClose}>
          ✕
        </button>
      </header>
      {failure !== "" && <p class="banner bad">{failure}</p>}
      {trace === "unknown" && <p class="empty">The sink has no such trace.</p>}
      {typeof trace === "object" && !isOther && span && (
        <div class="trace-body">
          {span.statusMessage !== undefined && (
            <p class={span.level === "ERROR" ? "banner bad" : "banner warn"}>{span.statusMessage}</p>
          )}
          <Numbers span={span} />
          <Waterfall trace={trace} spanId={spanId} />
          <div class="tabs" role="tablist" aria-label="What is known of the call">
            {TABS.map((name) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`tab-${name}`}
                aria-selected={tab === name}
                aria-controls="tab-panel"
                onClick={() => setTab(name)}
              >
                {name}
              </button>
            ))}
          </div>
          <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
            {tab === "Conversation" && <Conversation span={span} />}
            {tab === "Metadata" && <Metadata span={span} />}
            {tab === "JSON" && <Json value={trace} />}
          </div>
        </div>
      )}
    </section>
  );
}

function Numbers({ span }: { readonly span: SpanView }) {
  const row = calls.value?.find(({ id }) => id === span.id);
  if (!row) return null;
  const { durationMs, firstTokenMs, inputTokens, outputTokens, costUsd, attempts } = row;
  const numbers: readonly (readonly [name: string, value: string, more?: string | undefined])[] = [
    [
      "Latency",
      duration(durationMs),
      firstTokenMs === undefined ? undefined : `first token ${duration(firstTokenMs)}`,
    ],
    ["Tokens", `${count(inputTokens)} → ${count(outputTokens)}`, "in → out"],
    ["Cost", costUsd === undefined ? "unknown" : money(costUsd), priceSource(span)],
    ["Model", row.model ?? "–", row.provider],
    ["Key", row.key ?? "–", row.tenant],
    ["Attempts", String(attempts), attempts > 1 ? "see below" : undefined],
  ];
  return (
    <dl class="numbers">
      {numbers.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={value}>{value}</dd>
          {more !== undefined && <dd class="faint">{more}</dd>}
        </div>
      ))}
    </dl>
  );
}

function priceSource({ metadata }: SpanView): string | undefined {
  const source = metadata["price_source"];
  return typeof source === "string" ? `by ${source}` : undefined;
}

function Json({ value }: { readonly value: unknown }) {
  const text = JSON.stringify(value, undefined, 2);
  const copy = () => {
    void navigator.clipboard.writeText(text);
  };
  return (
    <div class="json">
      <button type="button" class="plain copy" onClick={copy}>
        Copy
      </button>
      <pre tabIndex={0} aria-label="The trace as JSON">
        {text}
      </pre>
    </div>
  );
}
