/** Which drains a call goes to: by its key, by conditions, by sampling, and not at all. */
import type { RouteCondition } from "@sluice/config";
import type { ExchangeRecord, TraceId } from "@sluice/trace";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawOf } from "../../../packages/flusher/src/choose-drains.ts";
import { destination, flusherTo, queueMessage } from "../../support/destinations.ts";
import { answer, chatRecord, messageBody, numberedRecord, traceId } from "../../support/records.ts";

const record = chatRecord({
  key: { id: "key_1", hash: "f".repeat(64), alias: "web", tenant: "acme", environment: "production" },
  trace: { ...chatRecord().trace, tags: ["beta", "eu"], feature: "search" },
});

/** Names of the drains that a record's trace is delivered to. */
async function takers(sent: ExchangeRecord, whens: Readonly<Record<string, RouteCondition | undefined>>) {
  const drains = Object.entries(whens).map(([name, when]) => destination(name, when && { when }));
  const { doneIds } = await flusherTo(drains)([queueMessage("m", messageBody(sent))]);
  expect(doneIds).toEqual(["m"]);
  return drains.filter(({ seen }) => seen.length === 1).map(({ name }) => name);
}

describe("a call goes to", () => {
  it("every drain whose condition it fits, and to no other", async () => {
    const whens = {
      all: undefined,
      tag: { tags: ["us", "eu"] },
      tenant: { tenants: ["acme"] },
      feature: { features: ["search"] },
      environment: { environments: ["production"] },
      key: { keys: ["web"] },
      every: { tags: ["eu"], tenants: ["acme"], features: ["search"], keys: ["web"] },
      "other-tag": { tags: ["us"] },
      "other-tenant": { tenants: ["globex"] },
      "only-partly": { tags: ["eu"], tenants: ["globex"] },
    };
    expect(await takers(record, whens)).toEqual([
      "all",
      "tag",
      "tenant",
      "feature",
      "environment",
      "key",
      "every",
    ]);
  });

  it("drains by what it says itself, before what its key says", async () => {
    const own = { ...record, trace: { ...record.trace, tenant: "globex", environment: "staging" } };
    const whens = {
      acme: { tenants: ["acme"] },
      globex: { tenants: ["globex"] },
      staging: { environments: ["staging"] },
      production: { environments: ["production"] },
    };
    expect(await takers(own, whens)).toEqual(["globex", "staging"]);
  });

  it("those drains only that its key names, where their condition holds", async () => {
    const whens = { all: undefined, eu: { tags: ["eu"] }, us: { tags: ["us"] } };
    expect(await takers({ ...record, drains: ["eu", "us", "gone"] }, whens)).toEqual(["eu"]);
    expect(await takers({ ...record, drains: [] }, whens)).toEqual([]);
  });

  it("none, and is parked to be replayed, when its key names only drains that the config has not", async () => {
    const drain = destination("eu");
    const result = await flusherTo([drain])([
      queueMessage("lost", messageBody({ ...record, drains: ["ue", "gone"] })),
      queueMessage("found", messageBody({ ...numberedRecord(1), drains: ["eu"] })),
    ]);
    expect(result).toMatchObject({
      doneIds: ["found"],
      parked: [{ id: "lost", reason: 'The key "web" names no drain of the config, but ue, gone.' }],
    });
    expect(drain.seen).toHaveLength(1);
  });
});

describe("sampling", () => {
  const sampled = () => destination("tenth", { sampleRate: 0.1 });
  const bodies = Array.from({ length: 400 }, (_, number) => messageBody(numberedRecord(number)));
  const messages = bodies.map((body, number) => queueMessage(`m${number}`, body));

  it("keeps about its share, the same calls each time, and maps no other", async () => {
    const [one, other] = [sampled(), sampled()];
    const result = await flusherTo([one])(messages);
    await flusherTo([other])(messages.toReversed());
    expect(result.doneIds).toHaveLength(messages.length);
    expect(one.seen.length).toBeGreaterThan(20);
    expect(one.seen.length).toBeLessThan(70);
    expect(one.encoded).toBe(one.seen.length);
    expect(other.seen.toSorted()).toEqual(one.seen.toSorted());
  });

  it("draws one number for a trace, below 1, so that a trace is kept whole", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), (id) => {
        const draw = drawOf(id as TraceId);
        expect(draw).toBeGreaterThanOrEqual(0);
        expect(draw).toBeLessThan(1);
        expect(drawOf(id as TraceId)).toBe(draw);
      }),
    );
  });

  it("is even for trace ids that are not random", () => {
    const draws = Array.from({ length: 2000 }, (_, at) => drawOf(traceId(at.toString(16).padStart(32, "0"))));
    for (const rate of [0.1, 0.5, 0.9]) {
      const share = draws.filter((draw) => draw < rate).length / draws.length;
      expect(Math.abs(share - rate)).toBeLessThan(0.05);
    }
  });

  it.each([
    ["was refused", { outcome: { kind: "refused", status: 429, code: "budget_exceeded", message: "" } }],
    ["failed", { outcome: { kind: "failed", code: "timeout", message: "" } }],
    ["was answered with an error", { answer: answer("{}", { status: 500 }) }],
  ] as const)("keeps every call that %s", async (_what, fields) => {
    const none = destination("none", { sampleRate: 0 });
    await flusherTo([none])([
      queueMessage("bad", messageBody(numberedRecord(1, fields))),
      queueMessage("good", messageBody(numberedRecord(2))),
    ]);
    expect(none.seen).toHaveLength(1);
  });
});

describe("no drain at all", () => {
  it("means that calls are settled, and nothing is mapped", async () => {
    const accounts = [{ ownerKind: "key", ownerId: "key_1", periodId: "none" }] as const;
    const settled: string[] = [];
    const elsewhere = destination("elsewhere", { when: { keys: ["nobody"] } });
    for (const drains of [[], [elsewhere]]) {
      const flush = flusherTo(drains, {
        settlements: {
          async settle({ settlements }) {
            const settledIds = settlements.map(({ callId }) => callId);
            settled.push(...settledIds);
            return await Promise.resolve({ settledIds, knownIds: [] });
          },
        },
      });
      const { doneIds } = await flush([queueMessage("m", messageBody(numberedRecord(1, { accounts })))]);
      expect(doneIds).toEqual(["m"]);
    }
    const { callId } = numberedRecord(1);
    expect(settled).toEqual([callId, callId]);
    expect(elsewhere.encoded).toBe(0);
  });
});

describe("a paused drain", () => {
  it("keeps its traces waiting for long, costs no other drain anything, and gets them when it goes on", async () => {
    const [open, paused] = [destination("open"), destination("paused", { paused: true })];
    const parked: string[] = [];
    const park = async (_message: unknown, reason: string) => {
      parked.push(reason);
      await Promise.resolve();
    };
    const first = flusherTo([open, paused], { park });
    const message = queueMessage("m", messageBody(numberedRecord(1)));
    const flush = await first([message]);
    expect(flush.failed).toEqual([
      { id: "m", reason: "paused: The drain is paused in the config.", retryAfterMs: 3_600_000 },
    ]);
    expect(open.seen).toHaveLength(1);
    expect(paused).toMatchObject({ seen: [], encoded: 0 });
    await first([message]);
    expect(open.seen).toHaveLength(1);
    expect(parked).toEqual([]);
  });

  it("does not make a drain wait that is only away for a moment", async () => {
    const [away, paused] = [destination("away"), destination("paused", { paused: true })];
    away.outcome = { kind: "retry", reason: "Not now.", retryAfterMs: 5 };
    const { failed } = await flusherTo([paused, away])([queueMessage("m", messageBody(numberedRecord(1)))]);
    expect(failed).toEqual([{ id: "m", reason: "away: Not now.", retryAfterMs: 5 }]);
  });
});
