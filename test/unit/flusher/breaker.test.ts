import { type RefusingDrain, withBreaker } from "@sluice/flusher";
import type { Drain, ExportOutcome, MediaStore } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";
import { spanId, traceId } from "../../support/records.ts";

const TRACES = [Buffer.from("a"), Buffer.from("b")];

function brokenDrain() {
  const state = { nowMs: 0, sent: 0, outcome: { kind: "retry", reason: "away" } as ExportOutcome };
  const refusals: RefusingDrain[] = [];
  const drain: Drain = {
    name: "main",
    encode: () => Buffer.alloc(0),
    async export(traces) {
      state.sent += 1;
      return await Promise.resolve(traces.map(() => state.outcome));
    },
  };
  const onRefusal = (refusing: RefusingDrain) => void refusals.push(refusing);
  return { state, refusals, drain: withBreaker(drain, () => state.nowMs, onRefusal) };
}

describe("a drain that takes nothing", () => {
  it("is left alone for a while, and what was for it comes back when the while is over", async () => {
    const { state, drain } = brokenDrain();
    await drain.export(TRACES);
    state.nowMs += 1_000;
    const outcomes = await drain.export(TRACES);
    expect(state.sent).toBe(1);
    expect(outcomes).toMatchObject([{ retryAfterMs: 4_000 }, { retryAfterMs: 4_000 }]);
  });

  it("is tried again after the pause, which doubles up to five minutes", async () => {
    const { state, drain } = brokenDrain();
    const pauses: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      await drain.export(TRACES);
      const [outcome] = await drain.export(TRACES);
      const pauseMs = outcome?.kind === "retry" ? (outcome.retryAfterMs ?? 0) : 0;
      pauses.push(pauseMs / 1000);
      state.nowMs += pauseMs;
    }
    expect(state.sent).toBe(8);
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  });

  it.each<ExportOutcome>([{ kind: "delivered" }, { kind: "rejected", reason: "bad" }])(
    "counts as well again once it answers $kind",
    async (outcome) => {
      const { state, drain } = brokenDrain();
      await drain.export(TRACES);
      state.nowMs += 5_000;
      state.outcome = outcome;
      await drain.export(TRACES);
      await drain.export(TRACES);
      expect(state.sent).toBe(3);
    },
  );
});

describe("files of a drain", () => {
  function drainWithMedia() {
    const { state, drain } = brokenDrain();
    const asked: number[] = [];
    const media: MediaStore = {
      async store(spans) {
        asked.push(spans.length);
        return await Promise.resolve(spans.map(() => ({ kind: "retry", reason: "no storage" }) as const));
      },
    };
    return { state, asked, drain: withBreaker({ ...drain, media }, () => state.nowMs) };
  }

  const SPANS = [
    { traceId: traceId("1".repeat(32)), spanId: spanId("2".repeat(16)), endedAtMs: 0, media: [] },
  ];

  it("are not sent while the drain is left alone, and wait as long as it", async () => {
    const { asked, drain } = drainWithMedia();
    await drain.export(TRACES);
    expect(await drain.media?.store(SPANS)).toMatchObject([{ kind: "retry", retryAfterMs: 5_000 }]);
    expect(asked).toEqual([]);
  });

  it("that cannot be stored do not keep traces from the drain", async () => {
    const { state, asked, drain } = drainWithMedia();
    state.outcome = { kind: "delivered" };
    await drain.media?.store(SPANS);
    expect(await drain.export(TRACES)).toEqual([{ kind: "delivered" }, { kind: "delivered" }]);
    expect(asked).toEqual([1]);
  });
});

describe("a drain that refuses until somebody acts", () => {
  it("is told of once each time that opens the breaker, not for each trace", async () => {
    const { state, refusals, drain } = brokenDrain();
    state.outcome = { kind: "retry", reason: "status 401", refusal: "keys_refused" };
    await drain.export(TRACES);
    await drain.export(TRACES);
    const refusing = { drain: "main", refusal: "keys_refused", reason: "status 401", traces: 2 };
    expect(refusals).toEqual([{ ...refusing, atMs: 0 }]);
    state.nowMs += 5_000;
    await drain.export(TRACES);
    expect(refusals).toEqual([
      { ...refusing, atMs: 0 },
      { ...refusing, atMs: 5_000 },
    ]);
  });

  it("is not told of for a drain that is only away", async () => {
    const { refusals, drain } = brokenDrain();
    await drain.export(TRACES);
    expect(refusals).toEqual([]);
  });
});
