import { createBatchMetrics, createExportMetrics, tallySettlements } from "@sluice/aws/flusher-metrics";
import type { FlushResult, QueueMessage } from "@sluice/flusher";
import type { Settlement } from "@sluice/ledger";
import { parseUsd } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { metricLines } from "../../support/metric-lines.ts";

const NOW_MS = 1_000_000;

const NOTHING: FlushResult = { doneIds: [], failed: [], parked: [], deliveredIds: [], duplicates: 0 };

const message = (id: string, ageMs: number): QueueMessage => ({
  id,
  body: "",
  sentAtMs: NOW_MS - ageMs,
  receiveCount: 1,
});

function batchLine(messages: readonly QueueMessage[], result: Partial<FlushResult>) {
  const { write, lines } = metricLines("test", () => NOW_MS);
  createBatchMetrics(write, () => NOW_MS)(messages, { ...NOTHING, ...result }, []);
  return lines()[0];
}

describe("the line of a batch", () => {
  it("has the age of what was delivered, and not of a switch or of what comes back", () => {
    const messages = [message("new", 2_000), message("switch", 900_000), message("waiting", 500_000)];
    const line = batchLine(messages, {
      doneIds: ["new", "switch"],
      deliveredIds: ["new"],
      failed: [{ id: "waiting", reason: "away" }],
    });
    expect(line).toMatchObject({
      BatchSize: 3,
      RecordsDelivered: 1,
      RecordsRetried: 1,
      AgeAtDeliverySeconds: 2,
    });
    expect(line).not.toHaveProperty("RecordsParked");
  });

  it("has at most 99 ages of a large batch, the least and the greatest among them", () => {
    const messages = Array.from({ length: 1000 }, (_, index) => message(`m${index}`, index * 1000));
    const line = batchLine(messages, { deliveredIds: messages.map(({ id }) => id) });
    const ages = line?.["AgeAtDeliverySeconds"];
    expect(ages).toHaveLength(99);
    expect(ages).toEqual(expect.arrayContaining([0, 999]));
  });

  it("has no age when nothing was delivered", () => {
    const line = batchLine([message("m", 1)], { parked: [{ id: "m", reason: "poison" }], duplicates: 2 });
    expect(line).toMatchObject({ RecordsDelivered: 0, RecordsParked: 1, DuplicatesSuppressed: 2 });
    expect(line).not.toHaveProperty("AgeAtDeliverySeconds");
  });
});

describe("what was settled", () => {
  const settlement = (callId: string, cost?: string): Settlement => ({
    callId,
    accounts: [],
    holds: [],
    model: "openai/gpt-4o",
    inputTokens: 10,
    outputTokens: 5,
    ...(cost !== undefined && { cost: parseUsd(cost) }),
  });

  it("is summed up until it is taken, without what was settled before", async () => {
    const tally = tallySettlements({
      settle: async ({ settlements }) =>
        await Promise.resolve({
          settledIds: settlements.flatMap(({ callId }) => (callId === "known" ? [] : callId)),
          knownIds: ["known"],
        }),
    });
    await tally.store.settle({
      accounts: [],
      settlements: [settlement("a", "0.25"), settlement("known", "9")],
    });
    await tally.store.settle({ accounts: [], settlements: [settlement("b")] });
    tally.conflict();
    const values = (taken: ReturnType<typeof tally.take>) =>
      Object.fromEntries(taken.map(({ name, value }) => [name, value]));
    expect(values(tally.take())).toEqual({
      InputTokens: 20,
      OutputTokens: 10,
      CostUsd: 0.25,
      UnpricedCalls: 1,
      SettleConflicts: 1,
    });
    expect(values(tally.take())).toEqual({ InputTokens: 0, OutputTokens: 0, CostUsd: 0 });
  });

  it("is nothing when the store throws", async () => {
    const tally = tallySettlements({ settle: async () => await Promise.reject(new Error("away")) });
    await expect(tally.store.settle({ accounts: [], settlements: [settlement("a", "1")] })).rejects.toThrow(
      "away",
    );
    expect(tally.take()).toContainEqual({ name: "CostUsd", unit: "None", value: 0 });
  });
});

describe("the line of an export", () => {
  it("is by drain, with the time that it took and the state of the breaker", () => {
    const { write, lines } = metricLines();
    const publish = createExportMetrics(write);
    publish({ drain: "langfuse", tookMs: 80, delivered: 7, rejected: 1, retried: 0, open: false });
    publish({ drain: "langfuse", delivered: 0, rejected: 0, retried: 4, open: true });
    expect(lines()).toMatchObject([
      {
        stage: "test",
        drain: "langfuse",
        ExportMs: 80,
        TracesDelivered: 7,
        TracesRejected: 1,
        BreakerOpen: 0,
      },
      { stage: "test", drain: "langfuse", TracesDelivered: 0, TracesRetried: 4, BreakerOpen: 1 },
    ]);
    expect(lines()[1]).not.toHaveProperty("ExportMs");
    expect(lines()[0]?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([["stage", "drain"]]);
  });
});
