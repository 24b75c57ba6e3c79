import { createWorkOff, type FlushResult, type Postponed, type QueueMessage } from "@sluice/flusher";
import { describe, expect, it } from "vitest";

const NOW_MS = Date.UTC(2026, 10, 21);
const MINUTE_MS = 60_000;

function message(id: string, fields: Partial<QueueMessage> = {}): QueueMessage {
  return { id, body: id, sentAtMs: NOW_MS, receiveCount: 1, ...fields };
}

/** Works messages off over a flusher that fails those whose ids begin with `failed`. */
async function workOff(messages: readonly QueueMessage[], sentAfresh: readonly string[] = []) {
  const flushed: string[] = [];
  const postponed: Postponed[] = [];
  const warnings: Readonly<Record<string, unknown>>[] = [];
  const results: FlushResult[] = [];
  const comingBack = await createWorkOff({
    flush: async (due) => {
      flushed.push(...due.map(({ id }) => id));
      const ids = await Promise.resolve(due.map(({ id }) => id));
      return {
        doneIds: ids.filter((id) => id.startsWith("done")),
        failed: ids.filter((id) => id.startsWith("failed")).map((id) => ({ id, reason: "away" })),
        parked: ids.filter((id) => id.startsWith("parked")).map((id) => ({ id, reason: "refused" })),
        deliveredIds: [],
        duplicates: 0,
      };
    },
    onFlushed: (_due, result) => results.push(result),
    log: { warn: (_message, fields) => warnings.push(fields) },
    random: () => 1,
    nowMs: () => NOW_MS,
  })(messages, async (all) => {
    postponed.push(...all);
    return Promise.resolve(new Set(sentAfresh));
  });
  return { comingBack, flushed, postponed, warnings, results };
}

describe("working off an event's messages", () => {
  it("puts off what failed, the longer the more often it was received, and lets only that come back", async () => {
    const { comingBack, postponed, results, warnings } = await workOff([
      message("done"),
      message("failed once"),
      message("parked"),
      message("failed again", { receiveCount: 4 }),
    ]);

    expect(comingBack).toEqual(["failed once", "failed again"]);
    expect(postponed.map(({ message: { id }, delayMs }) => [id, delayMs])).toEqual([
      ["failed once", 10_000],
      ["failed again", 80_000],
    ]);
    expect(results).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it("lets what was sent afresh be deleted, and says how much that is", async () => {
    const { comingBack, warnings } = await workOff([message("failed 1"), message("failed 2")], ["failed 1"]);

    expect(comingBack).toEqual(["failed 2"]);
    expect(warnings).toEqual([{ count: 1 }]);
  });

  it("does not touch a message before its time, nor counts that it was received", async () => {
    const early = message("failed early", { receiveCount: 6, dueAtMs: NOW_MS + 20 * MINUTE_MS });
    const due = message("failed due", { receiveCount: 1, dueAtMs: NOW_MS });
    const { comingBack, flushed, postponed } = await workOff([early, due]);

    expect(flushed).toEqual(["failed due"]);
    expect(comingBack).toEqual(["failed early", "failed due"]);
    expect(postponed[0]).toEqual({ message: { ...early, receiveCount: 5 }, delayMs: 20 * MINUTE_MS });
  });
});
