/** The counts of delivery against the table: in how many requests, and through which faults. */
import { DynamoDBClient, GetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { createDeliveryLedger } from "@sluice/aws";
import { type CallToTake, type DeliveryMark, reconcile, type Taking } from "@sluice/flusher";
import { describe, expect, it, onTestFinished } from "vitest";
import { type TestTable, tableForTest } from "../../support/table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const own = (callId: string, seenBefore = false, messageId = "m1"): CallToTake => ({
  callId,
  messageId,
  dead: false,
  seenBefore,
});
const died = (callId: string): CallToTake => ({
  callId,
  messageId: "m0",
  dead: true,
  seenBefore: false,
});
const names = (count: number) => Array.from({ length: count }, (_, at) => `call-${at}`);

function valueOf<T>(outcome: PromiseSettledResult<T> | undefined): T {
  if (outcome?.status !== "fulfilled") throw new Error("The write was refused.", { cause: outcome?.reason });
  return outcome.value;
}

/** The end of the lease of who takes a call now, Unix time in ms. */
function leaseOf({ nowMs }: TestTable): number {
  return nowMs + MINUTE_MS;
}

async function take(table: TestTable, ...calls: readonly CallToTake[]): Promise<readonly Taking[]> {
  return (await table.deliveries.take(calls, leaseOf(table))).map(valueOf);
}

async function deliver(table: TestTable, callId: string, { dead = false, complete = true } = {}) {
  const mark = { callId, drains: ["main"], dead, complete, leaseUntilMs: leaseOf(table) };
  valueOf((await table.deliveries.markDelivered([mark]))[0]);
}

async function park(table: TestTable, callId: string, messageId = "m1") {
  const parked = { callId, messageId, leaseUntilMs: leaseOf(table) };
  valueOf((await table.deliveries.markParked([parked]))[0]);
}

/** The four numbers, as `accepted = delivered + parked + in flight`. */
async function equation(table: TestTable): Promise<string> {
  const hours = await table.counts.read();
  const depth = { waiting: 0, inFlight: 0, delayed: 0 };
  const found = reconcile({ depth, hours, workedOffAtMs: undefined, nowMs: table.nowMs });
  return `${found.accepted} = ${found.delivered} + ${found.parked} + ${found.inFlight}`;
}

/** Requests to DynamoDB by the operation's name. */
function watchRequests(table: TestTable) {
  const from = table.proxy.answered.length;
  return () => {
    const actions = table.proxy.answered.slice(from);
    return Object.fromEntries([...Map.groupBy(actions, String)].map(([name, those]) => [name, those.length]));
  };
}

describe("the lease of another consumer", () => {
  /** Taken by one consumer, freed as its mark is written, and taken by another one. */
  async function passedOn(table: TestTable) {
    const leaseUntilMs = leaseOf(table);
    const mark = { callId: "a", drains: ["main"], dead: true, complete: true, leaseUntilMs };
    valueOf((await table.deliveries.take([died("a")], leaseUntilMs))[0]);
    valueOf((await table.deliveries.markDelivered([mark]))[0]);
    valueOf((await table.deliveries.take([own("a")], leaseUntilMs + 1))[0]);
    return { mark, leaseUntilMs };
  }

  it("stays when a mark is written again whose answer was lost", async () => {
    const table = await tableForTest();
    const { mark } = await passedOn(table);
    valueOf((await table.deliveries.markDelivered([mark]))[0]);
    expect(await take(table, own("a"))).toMatchObject([{ kind: "busy" }]);
  });

  it("stays when a message of the call is parked by who does not have it", async () => {
    const table = await tableForTest();
    await take(table, own("a"));
    const leaseUntilMs = leaseOf(table) - 1;
    valueOf((await table.deliveries.markParked([{ callId: "a", messageId: "m1", leaseUntilMs }]))[0]);
    expect(await equation(table)).toBe("1 = 0 + 1 + 0");
    expect(await take(table, own("a", false, "m2"))).toMatchObject([{ kind: "busy" }]);
  });

  it("stays when a call is let go of again", async () => {
    const table = await tableForTest();
    const { leaseUntilMs } = await passedOn(table);
    await table.deliveries.release("a", leaseUntilMs);
    expect(await take(table, own("a"))).toMatchObject([{ kind: "busy" }]);
    await table.deliveries.release("a", leaseUntilMs + 1);
    expect(await take(table, own("a"))).toMatchObject([{ kind: "taken" }]);
  });
});

describe("a call", () => {
  it("is accepted once, in flight, delivered, and then a duplicate", async () => {
    const table = await tableForTest();
    const [first] = await take(table, own("a"));
    expect(first).toMatchObject({ kind: "taken", closed: false, wasDead: false });
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
    await deliver(table, "a");
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
    const [again] = await take(table, own("a"));
    expect(again).toMatchObject({ closed: true, delivered: new Set(["main"]) });
    await deliver(table, "a");
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
  });

  it("that one drain of two has is still in flight", async () => {
    const table = await tableForTest();
    await take(table, own("a"));
    await deliver(table, "a", { complete: false });
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
    expect(await take(table, own("a", true))).toMatchObject([
      { kind: "taken", delivered: new Set(["main"]) },
    ]);
  });

  it("that is parked twice counts once, and is in flight again when it is replayed", async () => {
    const table = await tableForTest();
    await take(table, own("a"));
    await park(table, "a");
    await park(table, "a");
    expect(await equation(table)).toBe("1 = 0 + 1 + 0");
    expect(await take(table, own("a", false, "m2"))).toMatchObject([{ kind: "taken" }]);
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
    await deliver(table, "a");
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
  });

  it.each([
    { name: "that seems to be the first", seenBefore: false },
    { name: "that seems to come back", seenBefore: true },
  ])("that is parked is not taken for a copy $name of the message that is parked", async ({ seenBefore }) => {
    const table = await tableForTest();
    await take(table, own("a"));
    await park(table, "a");
    expect(await take(table, own("a", seenBefore))).toMatchObject([{ kind: "aside" }]);
    expect(await equation(table)).toBe("1 = 0 + 1 + 0");
    // Nor does a copy get in the way of the replay, for which the call is open again.
    await take(table, own("a", false, "m2"));
    const none = { callId: "a", drains: [], dead: false, complete: false, leaseUntilMs: leaseOf(table) };
    valueOf((await table.deliveries.markDelivered([none]))[0]);
    expect(await take(table, own("a", seenBefore))).toMatchObject([{ kind: "aside" }]);
    expect(await take(table, own("a", true, "m2"))).toMatchObject([{ kind: "taken" }]);
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
  });

  it("that is parked before anybody took it is accepted and parked", async () => {
    const table = await tableForTest();
    await park(table, "a");
    expect(await equation(table)).toBe("1 = 0 + 1 + 0");
    expect(await table.deliveries.knows("a")).toBe(false);
  });

  it("that was given up for dead and turns up counts once throughout", async () => {
    const table = await tableForTest();
    await take(table, died("a"));
    await deliver(table, "a", { dead: true });
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
    expect(await take(table, died("a"))).toMatchObject([{ closed: true }]);
    await deliver(table, "a", { dead: true });
    expect(await take(table, own("a"))).toMatchObject([{ wasDead: true, closed: false }]);
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
    await deliver(table, "a");
    await deliver(table, "a", { dead: true });
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
    expect(await take(table, own("a"))).toMatchObject([{ closed: true }]);
  });

  it("that another consumer has is not taken, and twice in a batch is taken once", async () => {
    const table = await tableForTest();
    const [first, second] = await take(table, own("a"), own("a"));
    expect([first?.kind, second?.kind]).toEqual(["taken", "busy"]);
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
  });

  it("says under which hour it waits: that of its last try, whenever it was accepted", async () => {
    const table = await tableForTest();
    await take(table, own("a"));
    table.nowMs += 3 * HOUR_MS;
    await take(table, own("a", true));
    const hours = await table.counts.read();
    const at = (hoursAgo: number) => hours.find(({ hourMs }) => hourMs === table.nowMs - hoursAgo * HOUR_MS);
    expect(at(3)).toMatchObject({ accepted: 1, inFlight: 1, lastTaken: 0 });
    expect(at(0)).toMatchObject({ accepted: 0, inFlight: 0, lastTaken: 1 });
    await deliver(table, "a");
    expect(await equation(table)).toBe("1 = 1 + 0 + 0");
    const sum = (await table.counts.read()).reduce((total, { lastTaken }) => total + lastTaken, 0);
    expect(sum).toBe(0);
  });
});

describe("a message that names no call", () => {
  it("is counted beside the calls, once for each body", async () => {
    const table = await tableForTest();
    for (const body of ["one", "two", "one"]) await table.deliveries.markUnreadable(body);
    const hours = await table.counts.read();
    expect(hours).toMatchObject([{ unreadable: 2, accepted: 0, parked: 0 }]);
  });
});

describe("a thousand calls", () => {
  it("are taken, marked and taken once more in few requests", async () => {
    const table = await tableForTest();
    const taking = watchRequests(table);
    const taken = await take(table, ...names(1000).map((name) => own(name)));
    expect(taken.every(({ kind }) => kind === "taken")).toBe(true);
    expect(taking()).toEqual({ TransactWriteItems: 11 });
    const marking = watchRequests(table);
    const mark = { drains: ["main"], dead: false, leaseUntilMs: leaseOf(table) };
    const marks = taken.map(({ counted }, index) => {
      return { ...mark, callId: `call-${index}`, complete: index % 2 === 0, counted };
    });
    (await table.deliveries.markDelivered(marks)).map(valueOf);
    expect(marking()).toEqual({ TransactWriteItems: 6, UpdateItem: 500 });
    expect(await equation(table)).toBe("1000 = 500 + 0 + 500");
    // Those that come back cost a write of their own, and no transaction.
    const again = watchRequests(table);
    await take(table, ...names(1000).flatMap((name, index) => (index % 2 === 1 ? [own(name, true)] : [])));
    expect(again()).toEqual({ UpdateItem: 500 });
    expect(await equation(table)).toBe("1000 = 500 + 0 + 500");
  }, 240_000);

  it("of which some are known already are taken by the way, and only the known ones singly", async () => {
    const table = await tableForTest();
    await take(table, own("call-3"), own("call-4"));
    await park(table, "call-3");
    await deliver(table, "call-4");
    table.nowMs += 2 * MINUTE_MS;
    const taken = await take(table, ...names(90).map((name) => own(name, false, "m2")));
    expect(taken.every(({ kind }) => kind === "taken")).toBe(true);
    expect(taken.map(({ closed }) => closed).indexOf(true)).toBe(4);
    expect(await equation(table)).toBe("90 = 1 + 0 + 89");
  });

  it("of three days' hours are delivered in full transactions", async () => {
    const table = await tableForTest();
    const leases: Pick<DeliveryMark, "counted" | "leaseUntilMs">[] = [];
    for (let hour = 0; hour < 72; hour += 1) {
      const taken = await take(table, ...[1, 2, 3].map((at) => own(`call-${hour}-${at}`)));
      leases.push(...taken.map(({ counted }) => ({ counted, leaseUntilMs: leaseOf(table) })));
      table.nowMs += HOUR_MS;
    }
    const requests = watchRequests(table);
    const marks = leases.map((lease, index) => {
      const callId = `call-${Math.floor(index / 3)}-${(index % 3) + 1}`;
      return { callId, drains: ["main"], dead: false, complete: true, ...lease };
    });
    (await table.deliveries.markDelivered(marks)).map(valueOf);
    expect(requests()).toEqual({ TransactWriteItems: 3 });
    expect(await equation(table)).toBe("216 = 216 + 0 + 0");
  }, 240_000);
});

describe("a fault", () => {
  it("of the table is the outcome of every call it concerns, and changes no count", async () => {
    const table = await tableForTest();
    table.proxy.instead = () => ({ status: 500, body: JSON.stringify({ __type: "InternalServerError" }) });
    const outcomes = await table.deliveries.take([own("a"), own("b")], table.nowMs + MINUTE_MS);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    table.proxy.instead = () => undefined;
    expect(await equation(table)).toBe("0 = 0 + 0 + 0");
  });

  it.each([
    { name: "once", losses: 1, status: "fulfilled" },
    { name: "each time", losses: Number.POSITIVE_INFINITY, status: "rejected" },
  ])("that loses the answer of a write that was made, $name, leaves the call counted once", async (lost) => {
    const table = await tableForTest();
    let losses = lost.losses;
    table.proxy.loses = (action) => action === "TransactWriteItems" && losses-- > 0;
    const [outcome] = await table.deliveries.take([own("a")], table.nowMs + MINUTE_MS);
    expect(outcome?.status).toBe(lost.status);
    table.proxy.loses = () => false;
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
    table.nowMs += 2 * MINUTE_MS;
    expect(await take(table, own("a", true))).toMatchObject([{ kind: "taken" }]);
    expect(await equation(table)).toBe("1 = 0 + 0 + 1");
  });

  describe("when a call is marked that a drain has", () => {
    /** The ledger with a client that tries nothing a second time, and a call that is taken; the table then fails so many times. */
    async function failing(times: number, tookMs = 0) {
      const table = await tableForTest();
      await take(table, own("a"));
      const client = new DynamoDBClient({
        endpoint: table.proxy.url,
        region: "us-east-1",
        credentials: { accessKeyId: "x", secretAccessKey: "x" },
        maxAttempts: 1,
      });
      onTestFinished(() => client.destroy());
      let asked = 0;
      table.proxy.instead = () => {
        table.nowMs += tookMs;
        if (asked++ >= times) return undefined;
        return { status: 500, body: JSON.stringify({ __type: "InternalServerError" }) };
      };
      const waits: number[] = [];
      const wait = async (ms: number) => {
        waits.push(ms);
        await Promise.resolve();
      };
      const options = { table: table.table, nowMs: () => table.nowMs, random: () => 0, wait };
      const mark = {
        callId: "a",
        drains: ["main"],
        dead: false,
        complete: true,
        leaseUntilMs: leaseOf(table),
      };
      const [outcome] = await createDeliveryLedger({ ...options, client }).markDelivered([mark]);
      table.proxy.instead = () => undefined;
      return { outcome, waits, equation: await equation(table) };
    }

    it("passes by, for only the mark keeps the call from being exported twice", async () => {
      expect(await failing(3)).toEqual({
        outcome: { status: "fulfilled", value: undefined },
        waits: [50, 100, 200],
        equation: "1 = 1 + 0 + 0",
      });
    });

    it("and stays is the outcome after a few tries", async () => {
      expect(await failing(Number.POSITIVE_INFINITY)).toMatchObject({
        outcome: { status: "rejected" },
        waits: [50, 100, 200, 400, 500],
        equation: "1 = 0 + 0 + 1",
      });
    });

    it("and takes seconds is the outcome at once, for the other calls wait", async () => {
      expect(await failing(Number.POSITIVE_INFINITY, 5_000)).toMatchObject({
        outcome: { status: "rejected" },
        waits: [],
      });
    });
  });

  it("between two consumers of the same new calls lets each call be one's, and be counted once", async () => {
    const table = await tableForTest();
    const calls = names(150).map((name) => own(name));
    const both = await Promise.all([take(table, ...calls), take(table, ...calls.toReversed())]);
    const taken = both.flat().filter(({ kind }) => kind === "taken");
    expect(taken).toHaveLength(150);
    expect(await equation(table)).toBe("150 = 0 + 0 + 150");
  }, 240_000);
});

it("counts over several shards, each of which expires with its hour, after it is no longer read", async () => {
  const table = await tableForTest();
  let drawn = 0;
  const deliveries = createDeliveryLedger({
    client: table.client,
    table: table.table,
    nowMs: () => table.nowMs,
    random: () => (drawn++ % 8) / 8,
    wait: () => Promise.resolve(),
  });
  for (const name of names(16)) await deliveries.take([own(name)], table.nowMs + MINUTE_MS);
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.table }));
  const counters = Items.filter(({ pk }) => pk?.S?.startsWith("DELIVERIES#"));
  expect(counters).toHaveLength(8);
  const hourMs = Math.floor(table.nowMs / HOUR_MS) * HOUR_MS;
  expect(new Set(counters.map(({ ttl }) => ttl?.N))).toEqual(
    new Set([String((hourMs + 43 * 24 * HOUR_MS) / 1000)]),
  );
  expect(await equation(table)).toBe("16 = 0 + 0 + 16");
  table.nowMs = hourMs + 42 * 24 * HOUR_MS + HOUR_MS;
  expect(await equation(table)).toBe("0 = 0 + 0 + 0");
});

it("keeps when the queue was seen worked off", async () => {
  const table = await tableForTest();
  expect(await table.counts.workedOffAtMs()).toBeUndefined();
  await table.counts.noteWorkedOff(table.nowMs);
  expect(await table.counts.workedOffAtMs()).toBe(table.nowMs);
  expect(await table.counts.read()).toEqual([]);
});

it("lets go of a call that is delivered or parked, so that a replay need not wait", async () => {
  const table = await tableForTest();
  await take(table, own("a"), own("b"));
  await deliver(table, "a");
  await park(table, "b");
  for (const name of ["a", "b"]) {
    const Key = { pk: { S: `CALL#${name}` }, sk: { S: "CALL" } };
    const { Item } = await table.client.send(new GetItemCommand({ TableName: table.table, Key }));
    expect(Item).toHaveProperty("state");
    expect(Item).not.toHaveProperty("leaseUntilMs");
  }
});
