import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallRow } from "../../../packages/console/api/call-row.ts";
import { quantile, seriesOf } from "../../../packages/console/page/charts/series.ts";
import { count, duration, money } from "../../../packages/console/page/format/numbers.ts";
import { NO_FILTER, rowMatcher } from "../../../packages/console/page/list/filter.ts";
import { visibleLines } from "../../../packages/console/page/list/window.ts";

function row(fields: Partial<CallRow> = {}): CallRow {
  return {
    id: "s1",
    traceId: "t1",
    startedAtMs: 1_760_000_000_000,
    durationMs: 100,
    name: "chat gpt-4o",
    level: "DEFAULT",
    attempts: 1,
    inputTokens: 10,
    outputTokens: 20,
    ...fields,
  };
}

describe("a series", () => {
  const range = { label: "a minute", stepMs: 10_000, steps: 6 };
  const nowMs = 1_760_000_005_000;

  it("sums up each step, leaves out other times, and has no latency where there was no call", () => {
    const rows = [
      row({ startedAtMs: nowMs, durationMs: 300, costUsd: 0.5, level: "ERROR" }),
      row({ startedAtMs: nowMs - 1, durationMs: 100 }),
      row({ startedAtMs: nowMs - 60_000 }),
      row({ startedAtMs: nowMs + 60_000 }),
    ];
    const series = seriesOf(rows, range, nowMs);
    expect(series.calls).toEqual([0, 0, 0, 0, 0, 2]);
    expect(series.errors).toEqual([0, 0, 0, 0, 0, 1]);
    expect(series.cost).toEqual([0, 0, 0, 0, 0, 0.5]);
    expect(series.p50).toEqual([null, null, null, null, null, 100]);
    expect(series.p95).toEqual([null, null, null, null, null, 300]);
    expect(series.times.at(-1)).toBe(1_760_000_000);
  });

  it("has quantiles that are among its values", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const value = quantile(values, share);
          expect(values).toContain(value);
          expect(values.filter((one) => one <= Number(value)).length).toBeGreaterThanOrEqual(
            share * values.length - 1e-6,
          );
        },
      ),
    );
  });
});

describe("the filter", () => {
  const calls = [
    row({ key: "app", model: "gpt-4o", preview: "Hello River" }),
    row({ key: "bot", level: "ERROR", message: "rate limit" }),
  ];
  it.each([
    [{}, 2],
    [{ text: "river HELLO" }, 1],
    [{ text: "river bot" }, 0],
    [{ text: "limit" }, 1],
    [{ key: "app" }, 1],
    [{ key: "ap" }, 0],
    [{ level: "ERROR", model: "gpt-4o" }, 0],
  ])("%o lets %i of two calls through", (fields, through) => {
    expect(calls.filter(rowMatcher({ ...NO_FILTER, ...fields }))).toHaveLength(through);
  });
});

describe("the lines on the screen", () => {
  it("are few, in the list, and hold everything that is seen", () => {
    fc.assert(
      fc.property(
        fc.nat(20_000),
        fc.nat(800_000),
        fc.integer({ min: 0, max: 3000 }),
        (count, scrollTop, height) => {
          const { from, to } = visibleLines(count, { scrollTop, height, lineHeight: 36 });
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(count);
          expect(to - from).toBeLessThanOrEqual(height / 36 + 18);
          const seen = [Math.floor(scrollTop / 36), Math.floor((scrollTop + height) / 36)];
          const missing = seen.filter(
            (line) => line < count && (line < from || line >= Math.max(to, from + 1)),
          );
          expect(missing).toEqual([]);
        },
      ),
    );
  });
});

describe("figures", () => {
  it.each([
    [duration(12), "12 ms"],
    [duration(1234), "1.23 s"],
    [duration(125_000), "2 m 5 s"],
    [money(0), "$0"],
    [money(1.5), "$1.50"],
    [money(0.000_012_4), "$0.0000124"],
    [money(0.000_276), "$0.000276"],
    [count(999), "999"],
    [count(1234), "1.2k"],
    [count(3_400_000), "3.4M"],
  ])("%s is written as %s", (written, expected) => {
    expect(written).toBe(expected);
  });
});
