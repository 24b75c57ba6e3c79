import { createDeliveryMetrics } from "@sluice/aws";
import type { Reconciliation } from "@sluice/flusher";
import { expect, it } from "vitest";
import { metricLines, metricsOf } from "../../support/metric-lines.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const HOUR_MS = 60 * 60_000;

function published(changes: Partial<Reconciliation>) {
  const nowMs = () => NOW_MS;
  const { write, lines } = metricLines("test", nowMs);
  createDeliveryMetrics({ write, nowMs })({
    accepted: 10,
    delivered: 9,
    parked: 1,
    inFlight: 0,
    unreadable: 2,
    unaccounted: 0,
    ...changes,
  });
  return lines();
}

it("writes the equation as one line that CloudWatch reads as metrics of the stage", () => {
  const [line, ...others] = published({ inFlight: 3, unaccounted: 1, oldestBeforeMs: NOW_MS - 90_500 });
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    stage: "test",
    Accepted: 10,
    Delivered: 9,
    Parked: 1,
    InFlight: 3,
    Unreadable: 2,
    Unaccounted: 1,
    OldestOpenSeconds: 90,
    _aws: { Timestamp: NOW_MS, CloudWatchMetrics: [{ Namespace: "Sluice", Dimensions: [["stage"]] }] },
  });
  expect(line && metricsOf(line)).toHaveLength(7);
});

it.each([
  { name: "nothing was ever counted", changes: {}, lines: 0 },
  { name: "nothing has changed for hours", changes: { lastHourMs: NOW_MS - 3 * HOUR_MS }, lines: 0 },
  { name: "a call came an hour ago", changes: { lastHourMs: NOW_MS - HOUR_MS }, lines: 1 },
  {
    name: "a call is in flight for days",
    changes: { lastHourMs: NOW_MS - 72 * HOUR_MS, inFlight: 1 },
    lines: 1,
  },
  { name: "a call is missing", changes: { lastHourMs: NOW_MS - 72 * HOUR_MS, unaccounted: 1 }, lines: 1 },
])("writes $lines lines when $name, since an idle stage costs nothing", ({ changes, lines }) => {
  expect(published(changes)).toHaveLength(lines);
});
