/**
 * Any order of batches, kills, redeliveries, faults, parking and replay, over the real store: every call is counted once,
 * and the counts say where it is.
 */
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import {
  createFlusher,
  type DeliveryLedger,
  type FlusherDependencies,
  type QueueMessage,
  reconcile,
} from "@sluice/flusher";
import type { Drain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { decodeMessage, type OpenedRecord, packRecord } from "@sluice/trace";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messageBody, numberedRecord } from "../../support/records.ts";
import { startTable, type TestTable } from "../../support/table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LEASE_MS = 5 * MINUTE_MS;

let table: TestTable;
let firstCall = 0;
beforeAll(async () => {
  table = await startTable();
});
afterAll(() => table.stop());

/** What the flusher asks of the world, at each of which it can be killed. */
type Boundary = "take" | "markDelivered" | "markParked" | "markUnreadable" | "park" | "export";
const BOUNDARIES = ["take", "markDelivered", "markParked", "markUnreadable", "park", "export"] as const;

/** How the drain answers. */
type Answers = "delivered" | "retry" | "rejected";

type Step =
  | { readonly kind: "call" | "death" | "duplicate" | "late record"; readonly which: number }
  | { readonly kind: "foreign message"; readonly which: number }
  /** SQS hands out a copy of a message that a flusher has had, perhaps done with; it does not come back, whatever becomes of it. */
  | { readonly kind: "stray copy"; readonly which: number; readonly answers: Answers }
  | {
      readonly kind: "batch";
      readonly size: number;
      /** Where the flusher is killed, before or after the thing is done, or finds that it cannot be done. */
      readonly mishap?:
        | { readonly at: Boundary; readonly kind: "killed before" | "killed after" | "fails" }
        | undefined;
      readonly answers: Answers;
    }
  | { readonly kind: "replay" }
  | { readonly kind: "wait"; readonly minutes: number };

const which = fc.nat({ max: 3 });
const boundary = fc.constantFrom(...BOUNDARIES);
const answers = fc.constantFrom<Answers[]>("delivered", "delivered", "retry", "rejected");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("call" as const, "death" as const, "duplicate" as const, "late record" as const),
      which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("foreign message" as const), which }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      size: fc.integer({ min: 1, max: 6 }),
      mishap: fc.option(
        fc.record({
          at: boundary,
          kind: fc.constantFrom("killed before" as const, "killed after" as const, "fails" as const),
        }),
        { nil: undefined, freq: 2 },
      ),
      answers,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("stray copy" as const), which: fc.nat({ max: 20 }), answers }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "replay" } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.nat({ max: 20 }) }) },
);

const PLENTY = 1000;

/** A queue and a dead-letter queue, as SQS keeps them, and a flusher that can be killed. */
function world() {
  const first = firstCall;
  firstCall += 4;
  let sent = 0;
  const queue: QueueMessage[] = [];
  const handedOut: QueueMessage[] = [];
  const deadLetters: string[] = [];
  const send = (body: string, receiveCount = 0) => {
    queue.push({ id: `m${sent++}`, body, sentAtMs: table.nowMs, receiveCount });
  };
  const bodyOf = (which: number) => messageBody(numberedRecord(first + which));

  const consume = async (
    batch: readonly QueueMessage[],
    { mishap, answers }: Pick<Extract<Step, { kind: "batch" }>, "mishap" | "answers">,
  ) => {
    const dead = Promise.withResolvers<"killed">();
    const at =
      <A extends readonly unknown[], R>(
        name: Boundary,
        work: (...args: A) => Promise<R>,
        failing: (...args: NoInfer<A>) => Promise<NoInfer<R>>,
      ) =>
      async (...args: A): Promise<R> => {
        const forever = new Promise<never>(() => undefined);
        const met = mishap?.at === name ? mishap.kind : undefined;
        if (met === "killed before") {
          dead.resolve("killed");
          return await forever;
        }
        const result = await (met === "fails" ? failing : work)(...args);
        if (met === "killed after") {
          dead.resolve("killed");
          return await forever;
        }
        return result;
      };
    const refuse = () => Promise.reject(new Error("away"));
    const refuseEach = async (items: readonly unknown[], _leaseUntilMs?: number) =>
      await Promise.resolve(items.map(() => ({ status: "rejected" as const, reason: new Error("away") })));
    const { deliveries } = table;
    const ledger: DeliveryLedger = {
      ...deliveries,
      take: at("take", (...args) => deliveries.take(...args), refuseEach),
      markDelivered: at("markDelivered", (marks) => deliveries.markDelivered(marks), refuseEach),
      markParked: at("markParked", (calls) => deliveries.markParked(calls), refuseEach),
      markUnreadable: at("markUnreadable", (body) => deliveries.markUnreadable(body), refuse),
    };
    const drain: Drain = {
      name: "main",
      encode: ({ record }) => Buffer.from(record.callId),
      export: at(
        "export",
        async (traces) =>
          await Promise.resolve(
            traces.map(() =>
              answers === "delivered" ? { kind: "delivered" } : { kind: answers, reason: "so" },
            ),
          ),
        refuse,
      ),
    };
    const dependencies: FlusherDependencies = {
      claims: { fetch: () => Promise.resolve(undefined) },
      park: at(
        "park",
        async ({ body }) => {
          deadLetters.push(body);
          await Promise.resolve();
        },
        refuse,
      ),
      drains: [drain],
      loadPrices: () => loadCatalogue(),
      deliveries: ledger,
      settlements: table.settlements,
      accounts: table.accounts,
      announce: () => Promise.resolve(),
      log: { error: () => undefined, warn: () => undefined },
      nowMs: () => table.nowMs,
    };
    const result = await Promise.race([
      createFlusher(dependencies)(batch, { leaseUntilMs: table.nowMs + LEASE_MS }),
      dead.promise,
    ]);
    return result === "killed" ? batch : batch.filter(({ id }) => result.failed.some((one) => one.id === id));
  };
  const flush = async ({ size, ...rest }: Omit<Extract<Step, { kind: "batch" }>, "kind">) => {
    const batch = queue
      .splice(0, size)
      .map((message) => ({ ...message, receiveCount: message.receiveCount + 1 }));
    handedOut.push(...batch);
    queue.push(...(await consume(batch, rest)));
  };

  return {
    queue,
    deadLetters,
    flush,
    async step(step: Step) {
      if (step.kind === "batch") await flush(step);
      else if (step.kind === "stray copy") {
        const stray = handedOut[step.which % Math.max(1, handedOut.length)];
        if (stray) await consume([stray], step);
      } else if (step.kind === "wait") table.nowMs += step.minutes * MINUTE_MS;
      else if (step.kind === "replay") for (const body of deadLetters.splice(0)) send(body);
      else if (step.kind === "foreign message") send(`not a record ${first + step.which}`);
      else if (step.kind === "death") send(switchOf(first + step.which));
      else send(bodyOf(step.which));
    },
  };
}

/** The switch of a call whose function was killed long ago. */
function switchOf(number: number): string {
  const {
    attempts: _,
    answer: __,
    outcome: ___,
    times: ____,
    kind: _____,
    ...known
  } = numberedRecord(number);
  const opened: OpenedRecord = {
    ...known,
    kind: "opened",
    provider: "openai",
    model: "gpt-4o",
    startedAtMs: 0,
    deadlineAtMs: 1,
  };
  const packed = packRecord(opened);
  if (packed.kind !== "inline") throw new Error("too large for a message");
  return packed.body;
}

async function found() {
  const depth = { waiting: 0, inFlight: 0, delayed: 0 };
  return reconcile({ depth, hours: await table.counts.read(), workedOffAtMs: undefined, nowMs: table.nowMs });
}

/** States of the calls' items, which is where each call is. */
async function states() {
  const { Items = [] } = await table.client.send(
    new ScanCommand({ TableName: table.table, ConsistentRead: true }),
  );
  const calls = Items.filter(({ pk }) => pk?.S?.startsWith("CALL#"));
  const bodies = Items.filter(({ pk }) => pk?.S?.startsWith("UNREADABLE#"));
  return {
    calls: calls.flatMap(({ pk, state }) => {
      return state?.S === undefined ? [] : [{ callId: String(pk?.S).replace(/^CALL#/, ""), state: state.S }];
    }),
    unreadable: bodies.length,
  };
}

/** The calls that messages are about. */
function callsIn(bodies: readonly string[]): ReadonlySet<string> {
  const readable = bodies.filter((body) => !body.startsWith("not a record"));
  return new Set(
    readable.flatMap((body) => {
      const decoded = decodeMessage(body);
      return decoded.kind === "record" ? [decoded.record.callId] : [];
    }),
  );
}

describe("the counts", () => {
  it("are those of the calls at every moment, and say that all are delivered once everything was replayed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { step: take, flush, queue, deadLetters } = world();
        for (const one of steps) {
          await take(one);
          const { accepted, delivered, parked, inFlight } = await found();
          const { calls } = await states();
          const all = calls.map(({ state }) => state);
          const count = (...names: readonly string[]) => all.filter((state) => names.includes(state)).length;
          expect({ accepted, delivered, parked, inFlight }).toEqual({
            accepted: all.length,
            delivered: count("delivered", "dead"),
            parked: count("parked"),
            inFlight: count("open"),
          });
          expect(accepted).toBe(delivered + parked + inFlight);
          // No false alarm: whatever is in flight is in the queue. What is parked is put aside, or on its way back.
          const inQueue = callsIn(queue.map(({ body }) => body));
          const aside = callsIn(deadLetters);
          expect(calls.filter(({ callId, state }) => state === "open" && !inQueue.has(callId))).toEqual([]);
          expect(
            calls.filter(
              ({ callId, state }) => state === "parked" && !inQueue.has(callId) && !aside.has(callId),
            ),
          ).toEqual([]);
        }
        // The weather clears: the queue is worked off, what is parked is replayed, and nothing is left but what cannot be read.
        for (let rounds = 0; rounds < 3; rounds += 1) {
          for (let tries = 0; queue.length > 0 && tries < 12; tries += 1) {
            table.nowMs += HOUR_MS;
            await flush({ size: PLENTY, answers: "delivered" });
          }
          expect(queue).toEqual([]);
          if (rounds < 2) await take({ kind: "replay" });
        }
        const end = await states();
        expect(end.calls.filter(({ state }) => state !== "delivered" && state !== "dead")).toEqual([]);
        expect(deadLetters.every((body) => body.startsWith("not a record"))).toBe(true);
        expect((await found()).unreadable).toBe(end.unreadable);
        expect((await found()).inFlight).toBe(0);
      }),
      { numRuns: 25 },
    );
  }, 240_000);

  it("show a message that is taken from the queue behind Sluice's back", async () => {
    const { step: take, queue } = world();
    await take({ kind: "call", which: 0 });
    await take({ kind: "call", which: 1 });
    await take({ kind: "batch", size: PLENTY, answers: "retry" });
    expect(queue).toHaveLength(2);
    queue.pop();
    table.nowMs += 2 * HOUR_MS;
    const depth = { waiting: 0, inFlight: queue.length, delayed: 0 };
    const counted = { depth, hours: await table.counts.read(), workedOffAtMs: undefined, nowMs: table.nowMs };
    expect(reconcile(counted)).toMatchObject({ inFlight: 2, unaccounted: 1 });
  });
});
