/**
 * Budgets under faults for minutes: `npm run storm:budgets -- --seed 7 --minutes 5`.
 *
 * Twice eight clients call through a dozen gateway processes. Every record is delivered three times to flushers
 * that run side by side, one of which is killed with SIGKILL every second or so; gateways are killed, too, at the
 * beginning. At the end, the spend must be the sum of the costs to the last digit, no account may ever have been over its
 * limit, and what the killed gateways had set aside must be back by itself. Prints one line of JSON; exits with 1 when
 * anything of that does not hold.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { formatUsd, type Picodollars, parseUsd } from "@sluice/prices";
import {
  type BudgetSystem,
  killFlushers,
  queueIsEmpty,
  type SystemKey,
  settled,
  startBudgetSystem,
  watchAccount,
} from "../support/budget-system.ts";
import { CENT_ANSWER, CENT_COST, CENT_HOLD, CENT_REQUEST } from "../support/cent-model.ts";
import { seededRandom } from "../support/delivery.ts";
import { type Answerer, json, startUpstream } from "../support/upstream.ts";

const CLIENTS = 8;
/** Between two calls of a client, ms: flushers that are killed all the time must keep up with three times that. */
const PAUSE_MS = 300;
/** Between two calls of a client whose budget is used up, ms. */
const REFUSED_PAUSE_MS = 2_000;
/** Longer than a batch takes, so that only what a killed flusher had in hand is given out again. */
const VISIBILITY_TIMEOUT_SECONDS = 15;
const DELIVERIES = 3;
/** Picodollars of a token of output: $1,400 a million. */
const TOKEN_COST = 1_400_000_000n;
/** What a call may take before it is killed by its time limit, and its reservation given up, seconds. */
const TIMEOUT_SECONDS = 30;
/** That, the rest of a minute, and a minute for clocks that differ. */
const EXPIRY_MS = (TIMEOUT_SECONDS + 120) * 1000;
const STRICT = { period: "none", mode: "strict" } as const;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, minutes: { type: "string", default: "5" } },
});
const seed = Number(values.seed);
const durationMs = Number(values.minutes) * 60_000;

/** The tokens that the provider counts for a call; a call that asks to be held is never answered. */
const answer: Answerer = async (request, response) => {
  const { user } = JSON.parse(request.body) as { user: string };
  if (user === "held") return;
  const usage = { prompt_tokens: 1, completion_tokens: Number(user), total_tokens: 1 };
  await json({ ...CENT_ANSWER, usage })(request, response);
};

/** Leaves a reservation behind: the gateway is killed while the provider is silent. */
async function loseReservation(budgets: BudgetSystem, key: SystemKey): Promise<void> {
  const call = budgets.call(key, { ...CENT_REQUEST, user: "held" }).catch(() => undefined);
  while ((await budgets.accounts.read(key.account)).reserved === 0n) await sleep(20);
  await Promise.all(budgets.system.gateway.environments.map((environment) => environment.kill()));
  await call;
}

/** Asks until a call is granted; resolves to how long that took, ms. */
async function untilGranted(budgets: BudgetSystem, key: SystemKey, sinceMs: number): Promise<number> {
  for (;;) {
    const { status } = await budgets.call(key, { ...CENT_REQUEST, user: "0" });
    if (status === 200) return Date.now() - sinceMs;
    if (Date.now() - sinceMs > EXPIRY_MS) throw new Error("A lost reservation did not come back.");
    await sleep(500);
  }
}

/** Calls until the time is over; sums up what the granted calls cost. */
async function storm(budgets: BudgetSystem, key: SystemKey, random: () => number, untilMs: number) {
  const sum = { granted: 0, refused: 0, cost: 0n };
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (Date.now() < untilMs) {
        const tokens = Math.floor(random() * 20);
        const { status } = await budgets.call(key, { ...CENT_REQUEST, user: String(tokens) });
        if (status === 200) {
          sum.granted += 1;
          sum.cost += CENT_COST + BigInt(tokens) * TOKEN_COST;
          await sleep(PAUSE_MS * random());
        } else if (status === 429) {
          sum.refused += 1;
          await sleep(REFUSED_PAUSE_MS);
        } else {
          throw new Error(`A call was answered with ${status}.`);
        }
      }
    }),
  );
  return sum;
}

async function run() {
  const random = seededRandom(seed);
  const upstream = await startUpstream(answer);
  const budgets = await startBudgetSystem({
    deliveries: DELIVERIES,
    settlementGraceMs: 0,
    visibilityTimeoutSeconds: VISIBILITY_TIMEOUT_SECONDS,
    env: { OPENAI_BASE_URL: upstream.baseUrl, SLUICE_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) },
    options: { functions: { gateway: { maxConcurrency: CLIENTS + 4 } } },
  });
  const limits = { rich: parseUsd("100000"), poor: parseUsd("1"), robbed: parseUsd("0.04") };
  const key = async (limit: Picodollars) => await budgets.createKey({ budget: { ...STRICT, limit } });
  const [rich, poor, robbed] = [await key(limits.rich), await key(limits.poor), await key(limits.robbed)];
  await loseReservation(budgets, robbed);
  const lostAtMs = Date.now();

  const stopWatching = watchAccount(budgets.accounts, poor.account);
  const stopKilling = killFlushers(budgets.system, random, 1_000);
  const untilMs = Date.now() + durationMs;
  const [sum, poorSum, backAfterMs] = await Promise.all([
    storm(budgets, rich, random, untilMs),
    storm(budgets, poor, random, untilMs),
    untilGranted(budgets, robbed, lostAtMs),
  ]);
  const { kills, busy } = await stopKilling();
  await settled(budgets.accounts, rich.account, sum.granted, 120_000);
  await queueIsEmpty(budgets, 300_000);
  const { most, looks } = await stopWatching();
  const [totals, poorTotals] = [
    await budgets.accounts.read(rich.account),
    await budgets.accounts.read(poor.account),
  ];
  const figures = {
    seed,
    minutes: Number(values.minutes),
    calls: sum.granted + poorSum.granted + poorSum.refused,
    refused: poorSum.refused,
    deliveries: DELIVERIES * (sum.granted + poorSum.granted + poorSum.refused),
    kills,
    killsAtWork: busy,
    spentUsd: formatUsd(totals.spent),
    costUsd: formatUsd(sum.cost as Picodollars),
    dollarKey: {
      spentUsd: formatUsd(poorTotals.spent),
      costUsd: formatUsd(poorSum.cost as Picodollars),
      mostUsd: formatUsd(most as Picodollars),
      looks,
    },
    lostReservationBackAfterSeconds: Math.round(backAfterMs / 1000),
  };
  const holds =
    totals.spent === sum.cost &&
    totals.requests === sum.granted &&
    totals.reserved === 0n &&
    poorTotals.spent === poorSum.cost &&
    poorTotals.reserved === 0n &&
    most <= limits.poor &&
    poorSum.granted >= Number(limits.poor / CENT_HOLD);
  process.stdout.write(`${JSON.stringify({ holds, ...figures })}\n`);
  process.exitCode = holds ? 0 : 1;
  await budgets.stop();
  await upstream.stop();
}

await run();
