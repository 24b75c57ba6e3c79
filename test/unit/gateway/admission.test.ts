/** Budgets at the gateway's door, over real HTTP. */
import type { Tenant, VirtualKey } from "@sluice/keys";
import type { AccountRef, BudgetPolicy } from "@sluice/ledger";
import { type Picodollars, parseUsd } from "@sluice/prices";
import { afterEach, describe, expect, it } from "vitest";
import { CENT_ANSWER, CENT_HOLD, CENT_PRICES, CENT_REQUEST } from "../../support/cent-model.ts";
import { type GatewaySetup, startGateway, type TestGateway } from "../../support/gateway.ts";
import { type MemoryAccounts, memoryAccounts } from "../../support/ledger.ts";
import { type Answerer, json, startUpstream } from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** A Saturday. */
const NOON = Date.UTC(2026, 10, 21, 12);
const STRICT: BudgetPolicy = { limit: parseUsd("0.10"), period: "month", mode: "strict" };
const SOFT: BudgetPolicy = { ...STRICT, mode: "soft" };
const KEY_ACCOUNT: AccountRef = { owner: { kind: "key", id: "key_1" }, periodId: "month#2026-11" };
const TENANT_ACCOUNT: AccountRef = { owner: { kind: "tenant", id: "acme" }, periodId: "month#2026-11" };
const ACME: Tenant = { name: "acme", budget: STRICT };

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
    config: { providers: { openai: { baseUrl: upstream.baseUrl } }, prices: CENT_PRICES, ...setup.config },
  });
  stops.push(upstream.stop, gateway.stop);
  return { accounts, upstream, gateway };
}

function post(gateway: TestGateway, body: object = {}, path = "/v1/chat/completions") {
  return fetch(gateway.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}` },
    body: JSON.stringify({ ...CENT_REQUEST, ...body }),
  });
}

function spend(accounts: MemoryAccounts, usd: string, account = KEY_ACCOUNT) {
  accounts.spend(account, parseUsd(usd));
}

async function errorOf(response: Response) {
  return ((await response.json()) as { error: { code: string; message: string; type: string } }).error;
}

describe("a strict budget", () => {
  it("sets the worst case of a call aside, and tells what is left", async () => {
    const { accounts, gateway } = await start({ budget: STRICT });
    const response = await post(gateway);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-sluice-budget-limit-usd": "0.1",
      "x-sluice-budget-remaining-usd": "0.061999999988",
      "x-sluice-budget-reset": "2026-12-01T00:00:00.000Z",
    });
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(CENT_HOLD);
    expect(gateway.records[0]?.accounts).toEqual([
      {
        ownerKind: "key",
        ownerId: "key_1",
        periodId: "month#2026-11",
        hold: { bucket: (NOON + 6 * 60_000) / 60_000, amountUsd: "0.038000000012" },
        budget: { limitUsd: "0.1", spentUsd: "0", resetsAtMs: Date.UTC(2026, 11, 1) },
      },
    ]);
  });

  it("sets it aside for as long as the call can last and the config waits for its settlement", async () => {
    const { gateway } = await start({ budget: STRICT }, { config: { budgets: { settlementGraceMs: 0 } } });
    await post(gateway);
    expect(gateway.records[0]?.accounts[0]?.hold?.bucket).toBe((NOON + 60_000) / 60_000);
  });

  it("asks the store once, and reads nothing", async () => {
    const { accounts, gateway } = await start({ budget: STRICT });
    await post(gateway);
    expect(accounts.calls).toEqual({ read: 0, reserve: 1 });
  });

  it("refuses a call that it does not cover, before any provider is called, with one record and no hold", async () => {
    const { accounts, upstream, gateway } = await start({ budget: STRICT });
    spend(accounts, "0.07");
    const response = await post(gateway);
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-should-retry": "false",
      "x-sluice-budget-limit-usd": "0.1",
      "x-sluice-budget-remaining-usd": "0.03",
      "x-sluice-budget-reset": "2026-12-01T00:00:00.000Z",
    });
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "budget_exceeded", type: "insufficient_quota" });
    expect(error.message).toContain("It resets at 2026-12-01T00:00:00.000Z.");
    expect(upstream.requests).toEqual([]);
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(0n);
    expect(gateway.records).toHaveLength(1);
    expect(gateway.records[0]).toMatchObject({
      outcome: { kind: "refused", status: 429, code: "budget_exceeded" },
      accounts: [],
      attempts: [],
    });
  });

  it("is never granted more than it has to a hundred calls at once", async () => {
    const { accounts, upstream, gateway } = await start({ budget: STRICT });
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await post(gateway)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 429)).toHaveLength(98);
    expect(upstream.requests).toHaveLength(2);
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(2n * CENT_HOLD);
    expect(gateway.records).toHaveLength(100);
  });

  it("without a reset says so, and sends no reset header", async () => {
    const { gateway } = await start({ budget: { ...STRICT, limit: 0n as Picodollars, period: "none" } });
    const response = await post(gateway);
    expect(response.status).toBe(429);
    expect(response.headers.has("x-sluice-budget-reset")).toBe(false);
    expect((await errorOf(response)).message).toContain("It has no reset.");
  });

  it("keeps the hold of a call that fails, for the flusher to settle at zero", async () => {
    const { accounts, gateway } = await start({ budget: STRICT }, {}, (_request, response) => {
      response.destroy();
    });
    const response = await post(gateway);
    expect(response.status).toBe(502);
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.061999999988");
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(CENT_HOLD);
    expect(gateway.records[0]).toMatchObject({
      outcome: { kind: "failed" },
      accounts: [{ hold: { amountUsd: "0.038000000012" } }],
    });
  });

  it("reserves nothing for a free model, and lets it through with nothing left", async () => {
    const { accounts, gateway } = await start({ budget: STRICT });
    spend(accounts, "0.2");
    const response = await post(gateway, { model: "free" });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0");
    expect(accounts.calls.reserve).toBe(0);
    expect(gateway.records[0]?.accounts[0]).not.toHaveProperty("hold");
  });

  it("refuses a model that has no price", async () => {
    const { upstream, gateway } = await start({ budget: STRICT });
    const response = await post(gateway, { model: "nobody-lists-this" });
    expect(response.status).toBe(403);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await errorOf(response)).toMatchObject({ code: "model_unpriced" });
    expect(upstream.requests).toEqual([]);
    expect(gateway.records[0]).toMatchObject({ outcome: { kind: "refused", code: "model_unpriced" } });
  });

  it("reserves an embedding's input alone", async () => {
    const embeddings = { object: "list", data: [], usage: { prompt_tokens: 3, total_tokens: 3 } };
    const { accounts, gateway } = await start(
      { budget: STRICT },
      { config: { prices: { "openai/embed": { input: "1" } } } },
      json(embeddings),
    );
    const body = { model: "embed", input: "abc" };
    await fetch(`${gateway.url}/v1/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.secret}` },
      body: JSON.stringify(body),
    });
    const inputTokens = JSON.stringify(body).length + 1024;
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(BigInt(inputTokens) * 1_000_000n + 12n);
  });

  it("refuses what has no bound, before any provider is called, and says which field it is", async () => {
    const { upstream, gateway } = await start({ budget: STRICT });
    const response = await post(gateway, { plugins: [{ id: "web" }] });
    expect(response.status).toBe(403);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await errorOf(response)).toMatchObject({ code: "cost_unbounded", param: "plugins" });
    const passage = await post(gateway, {}, "/proxy/openai/files");
    expect(passage.status).toBe(403);
    expect(await errorOf(passage)).toMatchObject({ code: "cost_unbounded" });
    expect(upstream.requests).toEqual([]);
    expect(gateway.records.map(({ outcome }) => outcome.kind)).toEqual(["refused", "refused"]);
  });

  it("lets a free model's tokens be as many as they are, and its provider's searches not", async () => {
    const { gateway } = await start({ budget: STRICT });
    expect((await post(gateway, { model: "free", n: "3" })).status).toBe(200);
    expect((await post(gateway, { model: "free", previous_response_id: "r" }, "/v1/responses")).status).toBe(
      200,
    );
    expect((await post(gateway, { model: "free", plugins: [{ id: "web" }] })).status).toBe(403);
  });

  it("lets tokens be counted with nothing left, whatever the model", async () => {
    const upstream = await startUpstream(json({ input_tokens: 3 }));
    stops.push(upstream.stop);
    const it = { baseUrl: upstream.baseUrl, speaks: ["anthropic-messages"] as const };
    for (const budget of [STRICT, SOFT]) {
      const { accounts, gateway } = await start(
        { budget: { ...budget, limit: 0n as Picodollars } },
        { apiKeys: { it: "sk-provider" }, config: { providers: { it } } },
      );
      const response = await post(gateway, { model: "nobody-lists-this" }, "/v1/messages/count_tokens");
      expect(response.status).toBe(200);
      expect(accounts.calls.reserve).toBe(0);
    }
  });

  it("reserves the limit that a translation sets, and of several targets the dearest", async () => {
    const it = { baseUrl: "https://127.0.0.1:1", speaks: ["anthropic-messages"] as const };
    const prices = {
      "it/cheap": { input: "0", output: "1" },
      "it/dear": { input: "0", output: "3" },
      "openai/long": { input: "0", output: "1", maxOutputTokens: 20_000 },
    };
    const reserved = async (model: string, targets: readonly string[]) => {
      const { accounts, gateway } = await start(
        { budget: { ...STRICT, limit: parseUsd("100") } },
        {
          config: {
            providers: { it, openai: { baseUrl: it.baseUrl } },
            prices,
            models: { [model]: { targets } },
          },
        },
      );
      await post(gateway, { model, max_tokens: null });
      return accounts.reserved(KEY_ACCOUNT) / 1_000_000n;
    };
    expect(await reserved("one", ["it/cheap"])).toBe(8_192n);
    expect(await reserved("two", ["it/cheap", "it/dear"])).toBe(3n * 8_192n);
    expect(await reserved("three", ["it/cheap", "openai/long"])).toBe(20_000n);
  });

  it("sends no call to a target that has no bound, while another one has", async () => {
    const { upstream, gateway } = await start(
      { budget: { ...STRICT, limit: parseUsd("100") } },
      { config: { models: { both: { targets: ["openai/o3-deep-research", "openai/cent"], retries: 0 } } } },
    );
    for (let call = 0; call < 10; call++) expect((await post(gateway, { model: "both" })).status).toBe(200);
    const models = upstream.requests.map(({ body }) => (JSON.parse(body) as { model: string }).model);
    expect(new Set(models)).toEqual(new Set(["cent"]));
  });

  it("reserves for the tier that a request asks for", async () => {
    const price = { config: { prices: {} } };
    const one = await start({ budget: { ...STRICT, limit: parseUsd("100") } }, price);
    const two = await start({ budget: { ...STRICT, limit: parseUsd("100") } }, price);
    await post(one.gateway, { model: "gpt-4o", service_tier: "standard" });
    await post(two.gateway, { model: "gpt-4o", service_tier: "priority" });
    expect(Number(two.accounts.reserved(KEY_ACCOUNT))).toBeGreaterThan(
      Number(one.accounts.reserved(KEY_ACCOUNT)) * 1.5,
    );
  });
});

describe("budgets of a key and of its tenant", () => {
  it("are both taken from", async () => {
    const { accounts, gateway } = await start({ budget: STRICT, tenant: "acme" }, { tenant: ACME });
    expect((await post(gateway)).status).toBe(200);
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(CENT_HOLD);
    expect(accounts.reserved(TENANT_ACCOUNT)).toBe(CENT_HOLD);
    expect(gateway.records[0]?.accounts.map(({ ownerKind }) => ownerKind)).toEqual(["key", "tenant"]);
  });

  it("give each other's hold back when one refuses", async () => {
    for (const [poor, rich] of [
      [TENANT_ACCOUNT, KEY_ACCOUNT],
      [KEY_ACCOUNT, TENANT_ACCOUNT],
    ] as const) {
      const { accounts, gateway } = await start({ budget: STRICT, tenant: "acme" }, { tenant: ACME });
      spend(accounts, "0.07", poor);
      const response = await post(gateway);
      expect(response.status).toBe(429);
      expect((await errorOf(response)).message).toContain(
        poor === TENANT_ACCOUNT ? 'the tenant "acme"' : "this key",
      );
      expect([accounts.reserved(poor), accounts.reserved(rich)]).toEqual([0n, 0n]);
      expect(gateway.records).toMatchObject([{ accounts: [], outcome: { kind: "refused" } }]);
    }
  });

  it("show the one with less left", async () => {
    const { accounts, gateway } = await start(
      { budget: { ...STRICT, limit: parseUsd("5") }, tenant: "acme" },
      { tenant: ACME },
    );
    spend(accounts, "0.01", TENANT_ACCOUNT);
    const response = await post(gateway);
    expect(response.headers.get("x-sluice-budget-limit-usd")).toBe("0.1");
    expect(response.headers.get("x-sluice-budget-remaining-usd")).toBe("0.051999999988");
  });

  it("are entered for a tenant without a budget, too", async () => {
    const { gateway } = await start({ tenant: "acme" });
    await post(gateway);
    expect(gateway.records[0]?.accounts).toEqual([
      { ownerKind: "key", ownerId: "key_1", periodId: "month#2026-11" },
      { ownerKind: "tenant", ownerId: "acme", periodId: "month#2026-11" },
    ]);
  });
});

describe("a soft budget", () => {
  it("refuses once the spend has reached it, and reserves nothing", async () => {
    const { accounts, gateway } = await start({ budget: SOFT });
    spend(accounts, "0.099");
    expect((await post(gateway)).status).toBe(200);
    expect(accounts.calls).toEqual({ read: 1, reserve: 0 });
    expect(gateway.records[0]?.accounts[0]).not.toHaveProperty("hold");
  });

  it("adds no call of the store while the state is cached, and looks again after five seconds", async () => {
    let nowMs = NOON;
    const { accounts, gateway } = await start({ budget: SOFT }, { nowMs: () => nowMs });
    const statuses = async () => (await post(gateway)).status;
    expect([await statuses(), await statuses(), await statuses()]).toEqual([200, 200, 200]);
    expect(accounts.calls.read).toBe(1);
    spend(accounts, "0.1");
    nowMs += 4_999;
    expect(await statuses()).toBe(200);
    nowMs += 1;
    expect(await statuses()).toBe(429);
    expect(accounts.calls).toEqual({ read: 2, reserve: 0 });
  });

  it("loads no prices and lets unpriced models through", async () => {
    const { gateway } = await start({ budget: SOFT });
    expect((await post(gateway, { model: "nobody-lists-this" })).status).toBe(200);
  });
});

describe("while the store is away", () => {
  it.each([
    ["a strict budget refuses", STRICT, 503],
    [
      "a strict budget that is set to open lets through",
      { ...STRICT, whenUnavailable: "open" as const },
      200,
    ],
    ["a soft budget lets through", SOFT, 200],
    ["a soft budget that is set to closed refuses", { ...SOFT, whenUnavailable: "closed" as const }, 503],
  ])("%s", async (_name, budget, status) => {
    const { accounts, gateway } = await start({ budget });
    accounts.away = true;
    const response = await post(gateway);
    expect(response.status).toBe(status);
    expect(gateway.records).toHaveLength(1);
    expect(gateway.records[0]?.outcome.kind).toBe(status === 200 ? "answered" : "refused");
    expect(gateway.records[0]?.accounts).toEqual(
      status === 200 ? [{ ownerKind: "key", ownerId: "key_1", periodId: "month#2026-11" }] : [],
    );
    // A caller may try again: the store comes back.
    expect(response.headers.has("x-should-retry")).toBe(false);
  });

  it.each([
    ["a key without a budget is refused when its tenant cannot be looked up", undefined, 503],
    ["a strict key is refused when its tenant cannot be looked up", STRICT, 503],
    ["a soft key is let through when its tenant cannot be looked up", SOFT, 200],
  ])("%s", async (_name, budget, status) => {
    const { gateway } = await start(
      { tenant: "acme", ...(budget && { budget }) },
      { findTenant: () => Promise.reject(new Error("the table is away")) },
    );
    const response = await post(gateway);
    expect(response.status).toBe(status);
  });
});

describe("a cheaper model", () => {
  const fallback = { fromPercent: 80, model: "openai/tenth-of-a-cent" };

  it("takes the place of the one asked for once the budget is nearly used up, and not before", async () => {
    let nowMs = NOON;
    const { accounts, upstream, gateway } = await start(
      { budget: { ...STRICT, fallback } },
      { nowMs: () => nowMs },
    );
    spend(accounts, "0.0799");
    await post(gateway);
    spend(accounts, "0.0001");
    nowMs += 5_000;
    const response = await post(gateway);
    expect(response.headers.get("x-sluice-model")).toBe("tenth-of-a-cent");
    const models = upstream.requests.map(({ body }) => (JSON.parse(body) as { model: string }).model);
    expect(models).toEqual(["tenth-of-a-cent"]);
    expect(accounts.reserved(KEY_ACCOUNT)).toBe(1_000_000_012n);
    expect(gateway.records[1]).toMatchObject({ requestedModel: "cent" });
  });

  it.each(["embeddings", "images/generations", "audio/speech", "moderations", "rerank"])(
    "does not take the place of a model of %s",
    async (path) => {
      const { accounts, upstream, gateway } = await start({ budget: { ...SOFT, fallback } });
      spend(accounts, "0.09");
      await post(gateway, { model: "another", input: "abc" }, `/v1/${path}`);
      expect(JSON.parse(upstream.requests[0]?.body ?? "{}")).toMatchObject({ model: "another" });
    },
  );
});

describe("a key's allow-list", () => {
  it.each([
    [["gpt-*"], "cent", 403],
    [["cen*"], "cent", 200],
    [["openai/*"], "cent", 200],
    [["groq/*"], "cent", 403],
    [["gpt-*", "cheap"], "cheap", 200],
    [["openai/cent"], "cheap", 200],
    [[], "cent", 403],
  ])("of %j answers %s with %i", async (models, model, status) => {
    const { upstream, gateway } = await start({ models }, { config: { models: { cheap: "openai/cent" } } });
    const response = await post(gateway, { model });
    expect(response.status).toBe(status);
    expect(upstream.requests).toHaveLength(status === 200 ? 1 : 0);
    expect(gateway.records).toHaveLength(1);
  });

  it("says which model and which key, and that a retry cannot help", async () => {
    const { gateway } = await start({ models: ["gpt-*"] });
    const response = await post(gateway);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await errorOf(response)).toMatchObject({
      code: "model_not_allowed",
      message: 'The key "test" may not use the model "cent".',
    });
  });
});

describe("the edge of a period", () => {
  it("opens the new period at once; a call counts where it began", async () => {
    const clock = { nowMs: Date.UTC(2026, 10, 22, 23, 59, 59, 999) };
    const week: BudgetPolicy = { ...STRICT, period: "week" };
    const { accounts, gateway } = await start(
      { budget: week },
      { nowMs: () => clock.nowMs },
      (request, response) => {
        // The week ends while the provider answers.
        clock.nowMs = Date.UTC(2026, 10, 23);
        return json(CENT_ANSWER)(request, response);
      },
    );
    const of = (periodId: string): AccountRef => ({ ...KEY_ACCOUNT, periodId });
    spend(accounts, "0.05", of("week#2026-11-16"));
    const last = await post(gateway);
    expect(last.status).toBe(200);
    expect(last.headers.get("x-sluice-budget-reset")).toBe("2026-11-23T00:00:00.000Z");
    const first = await post(gateway);
    expect(first.headers.get("x-sluice-budget-remaining-usd")).toBe("0.061999999988");
    expect(first.headers.get("x-sluice-budget-reset")).toBe("2026-11-30T00:00:00.000Z");
    expect(gateway.records.map(({ accounts }) => accounts[0]?.periodId)).toEqual([
      "week#2026-11-16",
      "week#2026-11-23",
    ]);
    expect(accounts.reserved(of("week#2026-11-16"))).toBe(CENT_HOLD);
    expect(accounts.reserved(of("week#2026-11-23"))).toBe(CENT_HOLD);
  });
});
