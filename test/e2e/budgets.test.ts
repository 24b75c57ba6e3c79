/** Budgets through the built bundles: many processes, records delivered three times, processes killed, Langfuse away. */
import { formatUsd, parseUsd } from "@sluice/prices";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type BudgetSystemSetup,
  killFlushers,
  queueIsEmpty,
  settled,
  startBudgetSystem,
  watchAccount,
} from "../support/budget-system.ts";
import { CENT_ANSWER, CENT_COST, CENT_HOLD, CENT_REQUEST } from "../support/cent-model.ts";
import { seededRandom } from "../support/delivery.ts";
import { type Answerer, json, startUpstream } from "../support/upstream.ts";

const GATEWAYS = 8;
const DOLLAR = parseUsd("1");
const STRICT = { limit: DOLLAR, period: "month", mode: "strict" } as const;
/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";

async function start(setup: BudgetSystemSetup, answer: Answerer = json(CENT_ANSWER)) {
  const upstream = await startUpstream(answer);
  onTestFinished(() => upstream.stop());
  const budgets = await startBudgetSystem({
    ...setup,
    env: { OPENAI_BASE_URL: upstream.baseUrl, ...setup.env },
    options: { functions: { gateway: { maxConcurrency: GATEWAYS } }, ...setup.options },
  });
  onTestFinished(() => budgets.stop());
  return { ...budgets, upstream };
}

/** Makes so many calls, eight at a time; resolves to their answers, in order. */
async function makeCalls(count: number, call: (index: number) => Promise<Response>): Promise<Response[]> {
  const indices = Array.from({ length: count }, (_, index) => index);
  const responses: Response[] = [];
  await Promise.all(
    Array.from({ length: GATEWAYS }, async () => {
      for (let index = indices.shift(); index !== undefined; index = indices.shift()) {
        responses[index] = await call(index);
      }
    }),
  );
  return responses;
}

describe("a strict key with one dollar", () => {
  it("takes a thousand calls through eight gateways and is never over it; the spend is the sum of the costs", async () => {
    const budgets = await start({});
    const key = await budgets.createKey({ budget: STRICT });
    const stopWatching = watchAccount(budgets.accounts, key.account);
    const responses = await makeCalls(1_000, () => budgets.call(key, CENT_REQUEST));
    const { most, looks } = await stopWatching();
    expect(looks).toBeGreaterThan(100);
    expect(most).toBeLessThanOrEqual(DOLLAR);

    const granted = responses.filter(({ status }) => status === 200).length;
    const refused = responses.filter(({ status }) => status === 429);
    expect(granted + refused.length).toBe(1_000);
    expect(budgets.system.gateway.environments).toHaveLength(GATEWAYS);
    expect(budgets.upstream.requests).toHaveLength(granted);
    expect(granted).toBeGreaterThanOrEqual(Number(DOLLAR / CENT_HOLD));
    for (const { headers } of refused) {
      // Refused because there was no room for it, and for no other reason.
      expect(headers.get("x-should-retry")).toBe("false");
      expect(parseUsd(headers.get("x-sluice-budget-remaining-usd") ?? "") < CENT_HOLD).toBe(true);
    }

    const totals = await settled(budgets.accounts, key.account, granted, 30_000);
    expect(totals).toMatchObject({
      spent: BigInt(granted) * CENT_COST,
      reserved: 0n,
      requests: granted,
      unpricedRequests: 0,
    });
    // What is left is there to be spent: calls one after the other get as far as a reservation fits.
    const fits = DOLLAR - totals.spent >= CENT_HOLD;
    expect((await budgets.call(key, CENT_REQUEST)).status).toBe(fits ? 200 : 429);
  }, 400_000);
});

describe("a record that is delivered three times to flushers that are killed", () => {
  it("is settled once: the spend is the sum of the costs to the last digit", async () => {
    const random = seededRandom(20_261_121);
    const budgets = await start({ deliveries: 3 }, (request, response) => {
      // Every call costs something else.
      const { user } = JSON.parse(request.body) as { user: string };
      const usage = { prompt_tokens: 1, completion_tokens: Number(user) % 20, total_tokens: 1 };
      return json({ ...CENT_ANSWER, usage })(request, response);
    });
    const key = await budgets.createKey({ budget: { ...STRICT, limit: parseUsd("1000") } });
    const stopKilling = killFlushers(budgets.system, random, 150);
    const responses = await makeCalls(300, (index) =>
      budgets.call(key, { ...CENT_REQUEST, user: String(index) }),
    );
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 300 }, () => 200));
    const { kills } = await stopKilling();
    expect(kills).toBeGreaterThan(3);
    const cost = responses.reduce(
      (sum, _response, index) => sum + CENT_COST + BigInt(index % 20) * 1_400_000_000n,
      0n,
    );
    await settled(budgets.accounts, key.account, 300, 40_000);
    await queueIsEmpty(budgets, 60_000);
    const totals = await budgets.accounts.read(key.account);
    expect(formatUsd(totals.spent)).toBe(formatUsd(cost as typeof totals.spent));
    expect(totals).toMatchObject({ requests: 300, reserved: 0n, unpricedRequests: 0 });
  }, 400_000);
});

describe("a gateway that is killed in the middle of a call", () => {
  it("leaves its reservation to expire by itself, and no call is refused for it any more then", async () => {
    const asked = Promise.withResolvers<void>();
    const budgets = await start({ settlementGraceMs: 0, env: { SLUICE_TIMEOUT_SECONDS: "30" } }, () => {
      asked.resolve();
    });
    const key = await budgets.createKey({ budget: { ...STRICT, limit: parseUsd("0.04") } });
    const call = budgets.call(key, CENT_REQUEST).catch(() => undefined);
    await asked.promise;
    await Promise.all(budgets.system.gateway.environments.map((environment) => environment.kill()));
    await call;
    const refused = await budgets.call(key, CENT_REQUEST);
    expect(refused.status).toBe(429);
    expect((await budgets.accounts.read(key.account)).reserved).toBe(CENT_HOLD);
    // 30 s for the call, the rest of a minute, and one for clocks that differ.
    const later = budgets.accountsIn(150_000);
    expect((await later.read(key.account)).reserved).toBe(0n);
    const hold = { account: key.account, bucket: Math.ceil(Date.now() / 60_000) + 10, amount: CENT_HOLD };
    expect(await later.reserve(hold, parseUsd("0.04"))).toMatchObject({
      granted: true,
      totals: { reserved: CENT_HOLD },
    });
  }, 400_000);
});

describe("with Langfuse away for the whole run", () => {
  it("budgets settle and refuse", async () => {
    const budgets = await start({
      env: { LANGFUSE_BASE_URL: NOWHERE, LANGFUSE_PUBLIC_KEY: "pk", LANGFUSE_SECRET_KEY: "sk" },
    });
    const key = await budgets.createKey({ budget: { ...STRICT, limit: parseUsd("0.05") } });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) {
      const { status } = await budgets.call(key, CENT_REQUEST);
      statuses.push(status);
      const granted = statuses.filter((status) => status === 200).length;
      expect(await settled(budgets.accounts, key.account, granted, 20_000)).toMatchObject({
        spent: BigInt(granted) * CENT_COST,
        reserved: 0n,
      });
    }
    // $0.02 are spent, and a call could cost 0.038.
    expect(statuses).toEqual([200, 200, 429, 429]);
  }, 400_000);
});
