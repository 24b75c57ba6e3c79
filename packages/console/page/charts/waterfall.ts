/** From the spans of a trace to bars along the time. */
import type { SpanView } from "@sluice/local/sink/span-view";

/** A span as a bar. */
export interface Bar {
  readonly span: SpanView;
  /** 0 for a span whose parent is not in the trace. */
  readonly depth: number;
  /** From the beginning of the trace, ms. */
  readonly offsetMs: number;
  readonly durationMs: number;
  /** From the beginning of the span, ms. */
  readonly firstTokenMs?: number;
}

/** The bars, each behind its parent and by their beginnings; and how long the whole is, ms, never 0. */
export function waterfallOf(spans: readonly SpanView[]): {
  readonly bars: readonly Bar[];
  readonly totalMs: number;
} {
  const starts = spans.map(({ startTime }) => Date.parse(startTime));
  const ends = spans.map(({ endTime }) => Date.parse(endTime));
  const begin = Math.min(...starts);
  const ids = new Set(spans.map(({ id }) => id));
  const children = Map.groupBy(spans, ({ id, parentId }) =>
    parentId !== undefined && parentId !== id && ids.has(parentId) ? parentId : "",
  );
  const shown = new Set<SpanView>();
  const under = (parent: string, depth: number): Bar[] =>
    (children.get(parent) ?? [])
      .filter((span) => !shown.has(span))
      .toSorted((one, other) => one.startTime.localeCompare(other.startTime))
      .flatMap((span) => {
        shown.add(span);
        return [barOf(span, depth, begin), ...under(span.id, depth + 1)];
      });
  const bars = under("", 0);
  // Spans that are each other's parents hang below none.
  const astray = spans.filter((span) => !shown.has(span)).map((span) => barOf(span, 0, begin));
  return { bars: [...bars, ...astray], totalMs: Math.max(1, Math.max(...ends) - begin) };
}

function barOf(span: SpanView, depth: number, beginMs: number): Bar {
  const startMs = Date.parse(span.startTime);
  const { completionStartTime } = span;
  const firstTokenMs =
    typeof completionStartTime === "string" ? Date.parse(completionStartTime) - startMs : undefined;
  return {
    span,
    depth,
    offsetMs: startMs - beginMs,
    durationMs: Math.max(0, Date.parse(span.endTime) - startMs),
    ...(firstTokenMs !== undefined && firstTokenMs >= 0 && { firstTokenMs }),
  };
}
