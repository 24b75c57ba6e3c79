/** Limits of a key's requests, tokens and parallel calls, over real HTTP. */
import { request as httpRequest } from "node:http";
import type { RateLimits, VirtualKey } from "@sluice/keys";
import { type AccountRef, bucketFor } from "@sluice/ledger";
import { parseUsd } from "@sluice/prices";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { CENT_ANSWER, CENT_PRICES, CENT_REQUEST } from "../../support/cent-model.ts";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import { memoryAccounts } from "../../support/ledger.ts";
import { type TestTable, tableForTest } from "../../support/table.ts";
import { type Answerer, json, startUpstream } from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const NOON = Date.UTC(2026, 10, 21, 12);
const SLOTS: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "parallel-calls" };

async function start(
  key: Partial<VirtualKey>,
  setup: Partial<GatewaySetup> = {},
  answer: Answerer = json(CENT_ANSWER),
) {
  const accounts = memoryAccounts();
  const upstream = await startUpstream(answer);
  const gateway = await startGateway({
    accounts,
    nowMs: () => NOON,
    key: { id: "key_1" as VirtualKey["id"], ...key },
    ...setup,
    config: { providers: { openai: { baseUrl: upstream.baseUrl } }, prices: CENT_PRICES },
  });
  stops.push(upstream.stop, gateway.stop);
  return { accounts, upstream, gateway };
}

/** With the counters in a real table. */
async function startWithTable(rateLimits: RateLimits, table: TestTable, setup: Partial<GatewaySetup> = {}) {
  return await start({ rateLimits }, { rates: table.rates, accounts: table.accounts, ...setup });
}

function post(gateway: TestGateway, body: object = {}) {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}` },
    body: JSON.stringify({ ...CENT_REQUEST, ...body }),
  });
}

/** Answers that wait until the test opens them. */
function heldAnswers() {
  const { promise, resolve } = Promise.withResolvers<void>();
  onTestFinished(() => resolve());
  const answer: Answerer = async (request, response) => {
    await promise;
    await json(CENT_ANSWER)(request, response);
  };
  return { answer, open: resolve };
}

describe("a limit of requests a minute", () => {
  it("lets exactly so many through of many at once, and tells what is left", async () => {
    const table = await tableForTest();
    const { gateway, upstream } = await startWithTable({ requestsPerMinute: 5 }, table);
    const responses = await Promise.all(Array.from({ length: 20 }, () => post(gateway)));
    const granted = responses.filter(({ status }) => status === 200);
    expect(granted).toHaveLength(5);
    expect(upstream.requests).toHaveLength(5);
    const left = granted.map(({ headers }) => Number(headers.get("x-ratelimit-remaining-requests")));
    expect(left.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
    expect(granted[0]?.headers.get("x-ratelimit-limit-requests")).toBe("5");
    expect(granted[0]?.headers.get("x-ratelimit-reset-requests")).toBe("60s");
  });

  it("answers 429 with the time to wait, and is a trace", async () => {
    const table = await tableForTest();
    const { gateway } = await startWithTable({ requestsPerMinute: 1 }, table, {
      nowMs: () => NOON + 15_000,
    });
    await post(gateway);
    const response = await post(gateway);
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "retry-after": "45",
      "x-ratelimit-limit-requests": "1",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "45s",
    });
    expect(response.headers.has("x-should-retry")).toBe(false);
    expect(await response.json()).toMatchObject({
      error: {
        code: "rate_limit_exceeded",
        message: expect.stringContaining("1 requests a minute") as string,
      },
    });
    expect(gateway.records[1]).toMatchObject({
      outcome: { kind: "refused", status: 429, code: "rate_limit_exceeded" },
      accounts: [],
    });
  });

  it("begins anew with the next minute of the clock", async () => {
    const table = await tableForTest();
    let nowMs = NOON + 59_999;
    const { gateway } = await startWithTable({ requestsPerMinute: 1 }, table, { nowMs: () => nowMs });
    expect((await post(gateway)).status).toBe(200);
    expect((await post(gateway)).status).toBe(429);
    nowMs += 1;
    expect((await post(gateway)).status).toBe(200);
  });

  it("of zero lets nothing through", async () => {
    const table = await tableForTest();
    const { gateway } = await startWithTable({ requestsPerMinute: 0 }, table);
    expect((await post(gateway)).status).toBe(429);
  });
});

describe("a limit of tokens a minute", () => {
  it("counts a quarter of the request's bytes and the most output that it allows", async () => {
    const table = await tableForTest();
    const { gateway } = await startWithTable({ tokensPerMinute: 1_000 }, table);
    const response = await post(gateway);
    const taken = Math.ceil(JSON.stringify(CENT_REQUEST).length / 4) + 20;
    expect(response.headers.get("x-ratelimit-remaining-tokens")).toBe(String(1_000 - taken));
    expect(response.headers.get("x-ratelimit-limit-tokens")).toBe("1000");
  });

  it("refuses what does not fit any more, and takes what still fits", async () => {
    const table = await tableForTest();
    const { gateway } = await startWithTable({ tokensPerMinute: 1_000 }, table);
    expect((await post(gateway, { max_tokens: 900 })).status).toBe(200);
    const response = await post(gateway, { max_tokens: 300 });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect((await post(gateway, { max_tokens: 1 })).status).toBe(200);
  });

  it("tells a call that never fits that a retry cannot help", async () => {
    const table = await tableForTest();
    const { gateway } = await startWithTable({ tokensPerMinute: 1_000, requestsPerMinute: 10 }, table);
    const response = await post(gateway, { max_tokens: 2_000 });
    expect(response.status).toBe(429);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(response.headers.has("retry-after")).toBe(false);
  });

  it("gives the budget's hold back when it refuses, and still tells how the budget stands", async () => {
    const { accounts, gateway } = await start({
      budget: { limit: parseUsd("5"), period: "month", mode: "strict" },
      rateLimits: { tokensPerMinute: 1 },
    });
    const response = await post(gateway);
    expect(response.status).toBe(429);
    expect(response.headers.get("x-sluice-budget-limit-usd")).toBe("5");
    expect(accounts.reserved({ owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" })).toBe(0n);
  });
});

describe("a limit of parallel calls", () => {
  it("refuses one more, and takes the next when one has ended", async () => {
    const table = await tableForTest();
    const { answer, open } = heldAnswers();
    const { gateway, upstream } = await start(
      { rateLimits: { parallelCalls: 2 } },
      { accounts: table.accounts },
      answer,
    );
    const first = [post(gateway), post(gateway)];
    await vi.waitFor(() => {
      expect(upstream.requests).toHaveLength(2);
    });
    const refused = await post(gateway);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringContaining("2 parallel calls") as string },
    });
    open();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    await expect.poll(async () => (await table.accounts.read(SLOTS)).reserved).toBe(0n);
    expect((await post(gateway)).status).toBe(200);
  });

  it.each<[string, Answerer]>([
    ["an error of the provider", json({ error: { message: "no" } }, 500)],
    [
      "a provider that breaks off",
      (_request, response) => {
        response.destroy();
      },
    ],
    [
      "an answer that breaks off",
      (_request, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
        response.write("{");
        setImmediate(() => response.destroy());
      },
    ],
  ])("has its place back after %s", async (_name, answer) => {
    const { accounts, gateway } = await start({ rateLimits: { parallelCalls: 1 } }, {}, answer);
    await post(gateway)
      .then((response) => response.text())
      .catch(() => undefined);
    await vi.waitFor(() => {
      expect(accounts.reserved(SLOTS)).toBe(0n);
    });
    expect(gateway.records).toHaveLength(1);
  });

  it("has its place back after a caller that left, once the provider's answer has ended", async () => {
    const { answer, open } = heldAnswers();
    const { accounts, gateway, upstream } = await start({ rateLimits: { parallelCalls: 1 } }, {}, answer);
    const call = httpRequest(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}` },
    });
    call.on("error", () => undefined);
    call.end(JSON.stringify(CENT_REQUEST));
    await vi.waitFor(() => {
      expect(upstream.requests).toHaveLength(1);
    });
    expect(accounts.reserved(SLOTS)).toBe(1n);
    call.destroy();
    open();
    await vi.waitFor(() => {
      expect(accounts.reserved(SLOTS)).toBe(0n);
    });
    expect(gateway.records).toHaveLength(1);
  });

  it("has the place of a killed function back by itself", async () => {
    const table = await tableForTest();
    table.nowMs = NOON;
    await table.accounts.reserve({ account: SLOTS, bucket: bucketFor(NOON + 60_000), amount: 1n }, 1n);
    const { gateway } = await start(
      { rateLimits: { parallelCalls: 1 } },
      { accounts: table.accounts, nowMs: () => table.nowMs },
    );
    expect((await post(gateway)).status).toBe(429);
    table.nowMs += 120_000;
    expect((await post(gateway)).status).toBe(200);
  });
});

describe("counters that are away", () => {
  it("stop no call", async () => {
    const { accounts, gateway } = await start(
      { rateLimits: { requestsPerMinute: 1, tokensPerMinute: 1_000, parallelCalls: 1 } },
      { rates: { take: () => Promise.reject(new Error("the table is away")) } },
    );
    accounts.away = true;
    expect((await post(gateway)).status).toBe(200);
    expect((await post(gateway)).status).toBe(200);
    expect(gateway.logLines.length).toBeGreaterThanOrEqual(2);
  });
});
