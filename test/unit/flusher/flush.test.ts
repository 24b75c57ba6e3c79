import {
  type BudgetEvent,
  createFlusher,
  type FlusherDependencies,
  PARK_AFTER_MS,
  type QueueMessage,
} from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain, type Drain, type ExportOutcome } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import type { ClaimPointer } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { completion } from "../../support/chat-bodies.ts";
import { attributesOf, type Decide, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { answer, claimedRecord, messageBody, numberedRecord } from "../../support/records.ts";

/** A message as SQS would hand it over. */
function message(id: string, body: string): QueueMessage {
  return { id, body, sentAtMs: 0, receiveCount: 1 };
}

const recordMessage = (number: number) => message(`m${number}`, messageBody(numberedRecord(number)));

/** Dependencies that keep what they were told, and have no drain. */
function dependencies(changes: Partial<FlusherDependencies> = {}) {
  const parked: { id: string; reason: string }[] = [];
  const announced: BudgetEvent[] = [];
  const accounts = memoryAccounts();
  const logged: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const log = (level: string) => (message: string, fields: Readonly<Record<string, unknown>>) => {
    logged.push({ level, message, fields });
  };
  return {
    parked,
    logged,
    claims: { fetch: async () => undefined },
    park: async ({ id }: QueueMessage, reason: string) => {
      parked.push({ id, reason });
    },
    drains: [] as readonly Drain[],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(),
    settlements: memorySettlements(accounts),
    accounts,
    announced,
    announce: async (event: BudgetEvent) => {
      announced.push(event);
    },
    log: { error: log("error"), warn: log("warn") },
    nowMs: () => 0,
    ...changes,
  };
}

function langfuse(baseUrl: string, name = "main"): Drain {
  const keys = async () => ({ publicKey: "pk", secretKey: "sk" });
  return createLangfuseDrain({
    name,
    baseUrl,
    credentials: { keys, refreshedKeys: keys },
    post: createHttpPost(5_000),
    nowMs: () => 0,
  });
}

/** A drain in memory that says of each trace what it is told to say. */
function drain(name: string, decide: (trace: string) => ExportOutcome, changes: Partial<Drain> = {}) {
  const seen: string[] = [];
  return {
    seen,
    name,
    encode: ({ record }) => Buffer.from(record.trace.spanId),
    async export(traces) {
      const texts = traces.map((trace) => Buffer.from(trace).toString());
      seen.push(...texts);
      return texts.map(decide);
    },
    ...changes,
  } satisfies Drain & { seen: string[] };
}

const delivered = (): ExportOutcome => ({ kind: "delivered" });
const spanIdOf = (number: number) => numberedRecord(number).trace.spanId;

describe("a batch", () => {
  test("becomes one trace for each message at Langfuse", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const flush = createFlusher(dependencies({ drains: [langfuse(endpoint.baseUrl)] }));
    const result = await flush(Array.from({ length: 200 }, (_, at) => recordMessage(at)));
    expect(result.doneIds).toHaveLength(200);
    expect(result).toMatchObject({ failed: [], parked: [] });
    expect(new Set(endpoint.stored.map(({ spanId }) => spanId)).size).toBe(200);
    expect(endpoint.stored).toHaveLength(200);
    expect(endpoint.requests).toHaveLength(1);
  });

  test("may be empty, and may have nowhere to go", async () => {
    expect(await createFlusher(dependencies())([])).toEqual({
      doneIds: [],
      failed: [],
      parked: [],
      deliveredIds: [],
      duplicates: 0,
    });
    expect(await createFlusher(dependencies())([recordMessage(1)])).toMatchObject({ doneIds: ["m1"] });
  });

  test("of many megabytes is exported in slices, not held whole", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const sizes: number[] = [];
    const inner = langfuse(endpoint.baseUrl);
    const watched: Drain = {
      ...inner,
      export(traces) {
        sizes.push(traces.reduce((sum, trace) => sum + trace.byteLength, 0));
        return inner.export(traces);
      },
    };
    const body = completion({ content: "x".repeat(3_000_000) });
    const messages = Array.from({ length: 15 }, (_, at) =>
      message(`m${at}`, messageBody(numberedRecord(at, { answer: answer(body) }))),
    );
    const result = await createFlusher(dependencies({ drains: [watched] }))(messages);
    expect(result.doneIds).toHaveLength(15);
    expect(endpoint.stored).toHaveLength(15);
    expect(sizes.length).toBeGreaterThan(1);
    for (const size of sizes) expect(size).toBeLessThan(20_000_000);
  });

  test("comes back as a whole when the prices cannot be loaded", async () => {
    const deps = dependencies({ loadPrices: () => Promise.reject(new Error("no file")) });
    const result = await createFlusher(deps)([recordMessage(0), recordMessage(1)]);
    expect(result.failed).toHaveLength(2);
    expect(result.failed[0]?.reason).toContain("no file");
  });

  test("that is near the end of its retention is parked instead of coming back", async () => {
    const away: Drain = drain("away", () => ({ kind: "retry", reason: "down" }));
    const deps = dependencies({ drains: [away], nowMs: () => PARK_AFTER_MS });
    const young = { ...recordMessage(1), sentAtMs: 1 };
    const result = await createFlusher(deps)([recordMessage(0), young]);
    expect(result.failed.map(({ id }) => id)).toEqual(["m1"]);
    expect(deps.parked).toMatchObject([{ id: "m0", reason: expect.stringContaining("retention") as string }]);
  });

  test("leaves to the queue what its time does not suffice for", async () => {
    let now = 0;
    const slow = drain("slow", delivered, { encode: () => Buffer.alloc(9_000_000) });
    const deps = dependencies({
      drains: [
        {
          ...slow,
          export: async (traces) => {
            now += 10;
            return traces.map(delivered);
          },
        },
      ],
      nowMs: () => now,
    });
    const messages = Array.from({ length: 6 }, (_, at) => recordMessage(at));
    const result = await createFlusher(deps)(messages, { deadlineAtMs: 15 });
    expect(result.doneIds).toEqual(["m0", "m1", "m2", "m3"]);
    expect(result.failed.map(({ id }) => id)).toEqual(["m4", "m5"]);
  });
});

describe("a message that is not ours", () => {
  const foreign = [
    message("text", "hello"),
    message("empty", ""),
    message("base64", "sluice/1 record !!!"),
    message("future", "sluice/2 record AAAA"),
    message("claim", "sluice/1 claim {}"),
    message("elsewhere", 'sluice/1 claim {"key":"secrets/x","bytes":1}'),
  ];

  test("is parked with a reason, and its neighbours are delivered", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const deps = dependencies({ drains: [langfuse(endpoint.baseUrl)] });
    const result = await createFlusher(deps)([recordMessage(1), ...foreign, recordMessage(2)]);
    expect(result.doneIds).toEqual(["m1", "m2"]);
    expect(result.failed).toEqual([]);
    expect(result.parked.map(({ id }) => id).toSorted()).toEqual(foreign.map(({ id }) => id).toSorted());
    expect(deps.parked).toEqual(result.parked);
    for (const { reason } of result.parked) expect(reason).toMatch(/^The .+\.$/);
    expect(endpoint.stored).toHaveLength(2);
    expect(deps.logged.filter(({ level }) => level === "error")).toHaveLength(foreign.length);
  });

  test("comes back when it cannot be parked", async () => {
    const deps = dependencies({ park: () => Promise.reject(new Error("SQS is away")) });
    const result = await createFlusher(deps)([message("x", "hello"), recordMessage(1)]);
    expect(result).toMatchObject({
      doneIds: ["m1"],
      parked: [],
      failed: [{ id: "x", reason: expect.stringContaining("SQS is away") as string }],
    });
  });
});

describe("a claim check", () => {
  const large = numberedRecord(7, { answer: answer(completion({ content: "y".repeat(100_000) })) });
  const claim = claimedRecord(large, "claims/2026-11-21/req");
  const claimMessage = message("claim", claim.body);

  test("is fetched by its key and delivered", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const fetched: ClaimPointer[] = [];
    const fetch = async (pointer: ClaimPointer) => {
      fetched.push(pointer);
      return claim.bytes;
    };
    const deps = dependencies({ drains: [langfuse(endpoint.baseUrl)], claims: { fetch } });
    expect(await createFlusher(deps)([claimMessage])).toMatchObject({ doneIds: ["claim"] });
    expect(fetched).toEqual([{ key: "claims/2026-11-21/req", bytes: claim.bytes.byteLength }]);
    expect(endpoint.stored[0]?.spanId).toBe(large.trace.spanId);
  });

  test("comes back when the store is away, after everything else was delivered", async () => {
    const main = drain("main", delivered);
    const fetch = () => {
      expect(main.seen).toEqual([spanIdOf(1)]);
      return Promise.reject(new Error("slow down"));
    };
    const deps = dependencies({ drains: [main], claims: { fetch } });
    const result = await createFlusher(deps)([claimMessage, recordMessage(1)]);
    expect(result).toMatchObject({
      doneIds: ["m1"],
      parked: [],
      failed: [{ id: "claim", reason: expect.stringContaining("slow down") as string }],
    });
  });

  test("is parked when its object is gone, or holds no record", async () => {
    const gone = await createFlusher(dependencies())([claimMessage]);
    expect(gone.parked).toEqual([
      { id: "claim", reason: "The claimed object claims/2026-11-21/req is gone." },
    ]);
    const fetch = async () => Buffer.from("nonsense");
    const broken = await createFlusher(dependencies({ claims: { fetch } }))([claimMessage]);
    expect(broken.parked).toHaveLength(1);
  });
});

describe("the outcome of an export", () => {
  const status = (code: number): Decide => {
    return ({ spans }) => (spans.some(({ spanId }) => spanId === spanIdOf(3)) ? { status: code } : undefined);
  };

  test("parks the one record that Langfuse refuses, and delivers the others", async () => {
    await using endpoint = await startLangfuseEndpoint(status(400));
    const deps = dependencies({ drains: [langfuse(endpoint.baseUrl)] });
    const result = await createFlusher(deps)(Array.from({ length: 9 }, (_, at) => recordMessage(at)));
    expect(result.parked).toEqual([{ id: "m3", reason: "main: Langfuse answered with status 400." }]);
    expect(deps.parked).toEqual(result.parked);
    expect(result.doneIds).toHaveLength(8);
    expect(result.failed).toEqual([]);
  });

  test("gives back exactly the records of a drain that is away, with its wish and one log line", async () => {
    await using endpoint = await startLangfuseEndpoint(() => ({
      status: 503,
      headers: { "retry-after": "30" },
    }));
    const deps = dependencies({ drains: [langfuse(endpoint.baseUrl)] });
    const messages = Array.from({ length: 9 }, (_, at) => recordMessage(at));
    const result = await createFlusher(deps)([...messages, message("x", "hello")]);
    expect(result.failed.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    expect(result.failed[0]?.retryAfterMs).toBe(30_000);
    expect(result.parked.map(({ id }) => id)).toEqual(["x"]);
    expect(deps.logged.filter(({ level }) => level === "warn")).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ count: 9 }) as unknown }),
    ]);
  });

  test("of several drains: every one gets every record, and any that is away brings it back", async () => {
    const good = drain("good", delivered);
    const away = drain(
      "away",
      (trace): ExportOutcome =>
        trace === spanIdOf(1) ? { kind: "retry", reason: "later" } : { kind: "delivered" },
    );
    const strict = drain(
      "strict",
      (trace): ExportOutcome => (trace === spanIdOf(3) ? delivered() : { kind: "rejected", reason: "no" }),
    );
    const result = await createFlusher(dependencies({ drains: [good, away, strict] }))(
      [1, 2, 3].map(recordMessage),
    );
    expect(good.seen).toHaveLength(3);
    expect(result).toMatchObject({
      doneIds: ["m3"],
      failed: [{ id: "m1", reason: "away: later" }],
      parked: [{ id: "m2", reason: "strict: no" }],
    });
  });

  test("of two drains that are away comes back when the later one wishes", async () => {
    const away = (name: string, retryAfterMs: number) =>
      drain(name, () => ({ kind: "retry", reason: "later", retryAfterMs }));
    const deps = dependencies({ drains: [away("a", 5), away("b", 70), away("c", 6)] });
    const result = await createFlusher(deps)([recordMessage(1)]);
    expect(result.failed).toEqual([{ id: "m1", reason: "a: later", retryAfterMs: 70 }]);
  });

  test("of a drain that throws is a retry, and costs the other drains nothing", async () => {
    const good = drain("good", delivered);
    const broken = drain("broken", delivered, { export: () => Promise.reject(new Error("bug")) });
    const result = await createFlusher(dependencies({ drains: [broken, good] }))([recordMessage(1)]);
    expect(good.seen).toHaveLength(1);
    expect(result.failed).toEqual([{ id: "m1", reason: "broken: The drain failed: bug" }]);
  });
});

describe("a record that breaks the code", () => {
  test("in its mapping is shown raw, and its neighbours are not touched", async () => {
    await using endpoint = await startLangfuseEndpoint();
    // JSON.parse reads nesting of any depth; JSON.stringify does not write it.
    const depth = 20_000;
    const deep = `{"messages":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const nested = numberedRecord(1, {
      request: { contentType: "application/json", body: Buffer.from(deep) },
    });
    const flush = createFlusher(dependencies({ drains: [langfuse(endpoint.baseUrl)] }));
    const result = await flush([message("deep", messageBody(nested)), recordMessage(2)]);
    expect(result.doneIds).toEqual(["deep", "m2"]);
    const [span] = endpoint.stored;
    expect(span && attributesOf(span)).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": expect.stringContaining("mapping failed") as string,
      "langfuse.observation.input": deep,
    });
  });

  test("in every way there is to show it is parked, alone", async () => {
    const main = drain("main", delivered, {
      encode({ record }) {
        if (record.trace.spanId === spanIdOf(1)) throw new Error("bug");
        return Buffer.from(record.trace.spanId);
      },
    });
    const result = await createFlusher(dependencies({ drains: [main] }))([1, 2].map(recordMessage));
    expect(result).toMatchObject({
      doneIds: ["m2"],
      failed: [],
      parked: [{ id: "m1", reason: "The record cannot be shown as a trace: bug" }],
    });
  });
});
