/** A trace for a terminal: what the call was, and its spans on a common line of time. */
import { fields, table } from "../output/table.ts";
import type { SpanDocument, TraceDocument } from "./trace-document.ts";

const BAR_WIDTH = 32;
/** Shown above the others, or secret enough to be left out of a terminal. */
const NOT_REPEATED = new Set(["request_id", "key_alias", "key_hash", "attempts", "duration_ms", "cost_usd"]);

/** The text. Content is shown where the trace has it. */
export function traceText(trace: TraceDocument, style: { readonly hasColours: boolean }): string {
  const spans = inTreeOrder(trace.spans);
  const startMs = Math.min(...trace.spans.map(({ startTime }) => Date.parse(startTime)));
  const endMs = Math.max(...trace.spans.map(endOf));
  const metadata = Object.fromEntries(trace.spans.flatMap((span) => Object.entries(span.metadata)));
  const cost = trace.spans.reduce((sum, { costUsd = 0 }) => sum + costUsd, 0);
  const known = trace.spans.some(({ costUsd }) => costUsd !== undefined);
  const about = fields([
    ["trace", trace.id],
    ["name", trace.name],
    ["request", shown(metadata["request_id"])],
    ["key", shown(metadata["key_alias"])],
    ["user", trace.user],
    ["session", trace.session],
    ["tags", trace.tags?.join(", ")],
    ["environment", trace.environment],
    ["began", new Date(startMs).toISOString()],
    ["took", `${endMs - startMs} ms`],
    ["cost", known ? usd(cost) : "unknown"],
  ]);
  const rows = spans.map(({ span, depth }) => [
    `${"  ".repeat(depth)}${span.name}`,
    span.type,
    span.level,
    span.model ?? "-",
    tokens(span),
    span.costUsd === undefined ? "-" : usd(span.costUsd),
    `${endOf(span) - Date.parse(span.startTime)} ms`,
    bar(span, startMs, endMs),
  ]);
  const head = ["SPAN", "TYPE", "LEVEL", "MODEL", "TOKENS", "COST", "TOOK", "WHEN"];
  const waterfall = table(head, rows, { ...style, right: ["COST", "TOOK"] });
  const details = spans.flatMap(({ span }) => detailsOf(span, spans.length > 1));
  return [about, waterfall, ...details].join("\n\n");
}

interface Placed {
  readonly span: SpanDocument;
  readonly depth: number;
}

/** Parents before their children. A span whose parent is elsewhere is a root; ids that point in a circle are shown flat. */
function inTreeOrder(spans: readonly SpanDocument[]): readonly Placed[] {
  const ids = new Set(spans.map(({ id }) => id));
  const placed: Placed[] = [];
  const below = (parentId: string | undefined, depth: number): void => {
    for (const span of spans) {
      const parent = span.parentId !== undefined && ids.has(span.parentId) ? span.parentId : undefined;
      if (parent !== parentId) continue;
      placed.push({ span, depth });
      below(span.id, depth + 1);
    }
  };
  below(undefined, 0);
  const reached = new Set(placed.map(({ span }) => span));
  return [...placed, ...spans.filter((span) => !reached.has(span)).map((span) => ({ span, depth: 0 }))];
}

/** `░` until the first token, `█` from then on. */
function bar(span: SpanDocument, startMs: number, endMs: number): string {
  const total = Math.max(1, endMs - startMs);
  const cell = (atMs: number) => Math.round(((atMs - startMs) * BAR_WIDTH) / total);
  const from = Math.min(BAR_WIDTH - 1, cell(Date.parse(span.startTime)));
  const to = Math.max(from + 1, cell(endOf(span)));
  const { completionStartTime } = span;
  const first = completionStartTime === undefined ? from : cell(Date.parse(completionStartTime));
  const waiting = Math.max(0, Math.min(to - 1, first) - from);
  return `${" ".repeat(from)}${"░".repeat(waiting)}${"█".repeat(to - from - waiting)}`;
}

function detailsOf(span: SpanDocument, isNamed: boolean): readonly string[] {
  const metadata = Object.entries(span.metadata).filter(([name]) => !NOT_REPEATED.has(name));
  const about = [
    ["status", span.statusMessage] as const,
    ...metadata.map(([name, value]) => [name, shown(value)] as const),
  ].filter(([, value]) => value !== undefined);
  const lines =
    about.length === 0 ? "" : fields([...(isNamed ? [["span", span.name] as const] : []), ...about]);
  const content = (name: "input" | "output") =>
    span[name] === undefined || span[name] === null
      ? []
      : [`${name}\n${typeof span[name] === "string" ? span[name] : JSON.stringify(span[name], null, 2)}`];
  return [...(lines === "" ? [] : [lines]), ...content("input"), ...content("output")];
}

function tokens({ usage }: SpanDocument): string {
  const { total: _total, ...kinds } = usage;
  const counts = Object.entries(kinds).filter(([, count]) => count > 0);
  return counts.length === 0 ? "-" : counts.map(([kind, count]) => `${count} ${kind}`).join(", ");
}

/** As the drain was sent it: a number, of which binary fractions beyond the twelfth decimal are noise. */
function usd(amount: number): string {
  const [whole = "0", fraction = ""] = amount.toFixed(12).replace(/0+$/, "").split(".");
  return `$${whole}.${fraction.padEnd(2, "0")}`;
}

function endOf({ startTime, endTime }: SpanDocument): number {
  return Date.parse(endTime ?? startTime);
}

function shown(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
