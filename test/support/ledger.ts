/** The ledger's ports in memory, for tests that are about something else than the store. */
import type { DeliveryLedger } from "@sluice/flusher";
import type { AccountRef, AccountStore, AccountTotals, RateStore, SettlementStore } from "@sluice/ledger";
import { type Picodollars, ZERO_USD } from "@sluice/prices";

/** An account store in memory, with what a test may look into and disturb. */
export interface MemoryAccounts extends AccountStore {
  /** Set aside in an account. */
  reserved(account: AccountRef): bigint;
  /** Settled in an account; a test may set it. */
  spend(account: AccountRef, amount: Picodollars): void;
  /** While true every method rejects, as a store does that is away. */
  away: boolean;
  /** Calls of `read` and of `reserve`. */
  readonly calls: { read: number; reserve: number };
}

/** Accounts without any history. Nothing expires. */
export function memoryAccounts(): MemoryAccounts {
  const accounts = new Map<string, { spent: bigint; reserved: bigint; announced: Set<number> }>();
  const at = (account: AccountRef) => {
    const name = JSON.stringify(account);
    const entry = accounts.get(name) ?? { spent: 0n, reserved: 0n, announced: new Set<number>() };
    accounts.set(name, entry);
    return entry;
  };
  const totals = (account: AccountRef): AccountTotals => {
    const { spent, reserved, announced } = at(account);
    return {
      spent: spent as Picodollars,
      reserved: reserved as Picodollars,
      requests: 0,
      unpricedRequests: 0,
      inputTokens: 0,
      outputTokens: 0,
      byModel: {},
      announcedPercents: [...announced],
    };
  };
  const check = async () => {
    await Promise.resolve();
    if (store.away) throw new Error("the table is away");
  };
  const store: MemoryAccounts = {
    away: false,
    calls: { read: 0, reserve: 0 },
    reserved: (account) => at(account).reserved,
    spend(account, amount) {
      at(account).spent += amount;
    },
    async reserve(hold, limit) {
      store.calls.reserve += 1;
      await check();
      const entry = at(hold.account);
      const granted = entry.spent + entry.reserved + hold.amount <= limit;
      if (granted) entry.reserved += hold.amount;
      return { granted, totals: totals(hold.account) };
    },
    async release(hold) {
      await check();
      at(hold.account).reserved -= hold.amount;
    },
    async read(account) {
      store.calls.read += 1;
      await check();
      return totals(account);
    },
    async adjust(account, amount) {
      await check();
      at(account).spent += amount;
      return totals(account);
    },
    async claimAnnouncement(account, percent) {
      await check();
      const { announced } = at(account);
      if (announced.has(percent)) return false;
      announced.add(percent);
      return true;
    },
    async disclaimAnnouncement(account, percent) {
      await check();
      at(account).announced.delete(percent);
    },
  };
  return store;
}

/** Settles calls into accounts in memory, each once. While the accounts are away it rejects. */
export function memorySettlements(accounts: MemoryAccounts): SettlementStore {
  const known = new Set<string>();
  return {
    async settle({ settlements }) {
      await Promise.resolve();
      if (accounts.away) throw new Error("the table is away");
      const fresh = settlements.filter(({ callId }) => !known.has(callId));
      for (const { callId, accounts: entered, holds, cost } of fresh) {
        known.add(callId);
        for (const hold of holds) await accounts.release(hold);
        for (const account of entered) accounts.spend(account, cost ?? ZERO_USD);
      }
      const settledIds = fresh.map(({ callId }) => callId);
      return {
        settledIds,
        knownIds: settlements.map(({ callId }) => callId).filter((callId) => !settledIds.includes(callId)),
      };
    },
  };
}

/** The ledger of delivery in memory, and how many calls are in each state. */
export interface MemoryDeliveries extends DeliveryLedger {
  counts(): { accepted: number; open: number; delivered: number; parked: number; unreadable: number };
}

/** A ledger of delivery that has heard of no call. */
export function memoryDeliveries(nowMs: () => number = () => 0): MemoryDeliveries {
  interface Call {
    seen: boolean;
    dead: boolean;
    state: "open" | "delivered" | "dead" | "parked";
    leaseUntilMs: number | undefined;
    readonly delivered: Set<string>;
    readonly deadDelivered: Set<string>;
    readonly aside: Set<string>;
  }
  const calls = new Map<string, Call>();
  const unreadable = new Set<string>();
  const at = (callId: string): Call => {
    const call = calls.get(callId) ?? {
      seen: false,
      dead: false,
      state: "open",
      leaseUntilMs: undefined,
      delivered: new Set(),
      deadDelivered: new Set(),
      aside: new Set(),
    };
    calls.set(callId, call);
    return call;
  };
  const giveBack = (call: Call, leaseUntilMs: number) => {
    if (call.leaseUntilMs === leaseUntilMs) call.leaseUntilMs = undefined;
  };
  const ofEach = async <T, R>(items: readonly T[], work: (item: T) => R) => {
    await Promise.resolve();
    return items.map((item) => ({ status: "fulfilled", value: work(item) }) as const);
  };
  return {
    counts() {
      const states = [...calls.values()].map(({ state }) => state);
      const open = states.filter((state) => state === "open").length;
      const parked = states.filter((state) => state === "parked").length;
      return {
        accepted: states.length,
        open,
        delivered: states.length - open - parked,
        parked,
        unreadable: unreadable.size,
      };
    },
    take: (toTake, leaseUntilMs) =>
      ofEach(toTake, ({ callId, messageId, dead }) => {
        const call = at(callId);
        const aside = call.aside.has(messageId);
        const free = !aside && (call.leaseUntilMs === undefined || call.leaseUntilMs < nowMs());
        if (free) {
          call.leaseUntilMs = leaseUntilMs;
          call.dead ||= dead;
          call.seen ||= !dead;
          if (call.state === "parked" || (call.state === "dead" && !dead)) call.state = "open";
        }
        return {
          kind: aside ? ("aside" as const) : free ? ("taken" as const) : ("busy" as const),
          untilMs: call.leaseUntilMs ?? 0,
          delivered: new Set([...call.delivered, ...(dead ? call.deadDelivered : [])]),
          wasDead: call.dead,
          closed: call.state === "delivered" || call.state === "dead",
        };
      }),
    markDelivered: (marks) =>
      ofEach(marks, ({ callId, drains, dead, complete, leaseUntilMs }) => {
        const call = at(callId);
        for (const drain of drains) (dead ? call.deadDelivered : call.delivered).add(drain);
        if (complete && call.state !== "delivered") call.state = dead ? "dead" : "delivered";
        giveBack(call, leaseUntilMs);
      }),
    markParked: (parked) =>
      ofEach(parked, ({ callId, messageId, leaseUntilMs }) => {
        const call = at(callId);
        call.state = "parked";
        call.aside.add(messageId);
        giveBack(call, leaseUntilMs);
      }),
    async markUnreadable(body) {
      await Promise.resolve();
      unreadable.add(body);
    },
    async release(callId, leaseUntilMs) {
      await Promise.resolve();
      giveBack(at(callId), leaseUntilMs);
    },
    async knows(callId) {
      await Promise.resolve();
      return calls.get(callId)?.seen ?? false;
    },
  };
}

/** Counters of minutes in memory. */
export function memoryRates(): RateStore {
  const minutes = new Map<string, { requests: number; tokens: number }>();
  return {
    async take(keyId, { atMs, tokens, requestsPerMinute = Infinity, tokensPerMinute = Infinity }) {
      await Promise.resolve();
      const minute = Math.floor(atMs / 60_000);
      const name = `${keyId} ${minute}`;
      const use = minutes.get(name) ?? { requests: 0, tokens: 0 };
      minutes.set(name, use);
      const granted = use.requests < requestsPerMinute && use.tokens + tokens <= tokensPerMinute;
      if (granted) {
        use.requests += 1;
        use.tokens += tokens;
      }
      return { granted, use: { ...use, resetsAtMs: (minute + 1) * 60_000 } };
    },
  };
}
