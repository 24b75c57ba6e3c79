import { createAccountStore, createSettlementStore } from "@sluice/aws";
import { type AccountRef, bucketFor, periodAt } from "@sluice/ledger";
import { parseUsd } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import { type CommandLine, commandLine, NOON_MS } from "../../../support/cli.ts";

type Report = Readonly<Record<string, unknown>>;

function stores({ client, table }: CommandLine) {
  const options = { client, table, nowMs: () => NOON_MS, wait: async () => {}, random: Math.random };
  return { accounts: createAccountStore(options), settlements: createSettlementStore(options) };
}

async function makeKey(cli: CommandLine, alias: string, ...args: readonly string[]): Promise<AccountRef> {
  const { id } = await cli.json<{ id: string }>("keys", "create", "--alias", alias, ...args);
  return { owner: { kind: "key", id }, periodId: periodAt("month", NOON_MS).id };
}

/** One settled call of $0.30 and one under way that has $0.20 set aside. */
async function use(cli: CommandLine, account: AccountRef): Promise<void> {
  const { accounts, settlements } = stores(cli);
  const settlement = {
    callId: `call-of-${account.owner.id}`,
    accounts: [account],
    holds: [],
    cost: parseUsd("0.30"),
    model: "openai/gpt-4o",
    inputTokens: 1000,
    outputTokens: 200,
  };
  await settlements.settle({ accounts: [account], settlements: [settlement] });
  const hold = { account, bucket: bucketFor(NOON_MS + 900_000), amount: parseUsd("0.20") };
  await accounts.reserve(hold, parseUsd("100"));
}

describe("budgets show", () => {
  it("prints what was spent and reserved in the present period", async () => {
    const cli = await commandLine();
    await use(cli, await makeKey(cli, "my-app", "--budget", "1.00"));
    const report = await cli.json<Report>("budgets", "show", "my-app");
    expect(Object.keys(report).slice(0, 6)).toEqual([
      "alias",
      "period",
      "limitUsd",
      "spentUsd",
      "reservedUsd",
      "resetAt",
    ]);
    expect(report).toEqual({
      alias: "my-app",
      period: "month",
      limitUsd: "1",
      spentUsd: "0.3",
      reservedUsd: "0.2",
      resetAt: "2026-12-01T00:00:00.000Z",
      mode: "strict",
      requests: 1,
      inputTokens: 1000,
      outputTokens: 200,
      unpricedRequests: 0,
      byModel: {
        "openai/gpt-4o": { spentUsd: "0.3", requests: 1, inputTokens: 1000, outputTokens: 200 },
      },
      announcedPercents: [],
    });
    const { stdout } = await cli.run("budgets", "show", "my-app", "--local");
    expect(stdout).toContain("█████████▒▒▒▒▒▒░░░░░░░░░░░░░░░ 50 %");
    expect(stdout).toMatch(/remaining +\$0\.50/);
    expect(stdout).toMatch(/openai\/gpt-4o +\$0\.30/);
  });

  it("sums a key without a budget up by the month", async () => {
    const cli = await commandLine();
    await use(cli, await makeKey(cli, "free"));
    expect(await cli.json("budgets", "show", "free")).toMatchObject({
      period: "month",
      limitUsd: null,
      spentUsd: "0.3",
      resetAt: "2026-12-01T00:00:00.000Z",
    });
  });

  it("has no reset for a budget that never starts afresh", async () => {
    const cli = await commandLine();
    await makeKey(cli, "my-app", "--budget", "5", "--period", "none");
    expect(await cli.json("budgets", "show", "my-app")).toMatchObject({ period: "none", resetAt: null });
  });

  it("shows the thresholds that were announced", async () => {
    const cli = await commandLine();
    const account = await makeKey(cli, "my-app", "--budget", "1");
    await stores(cli).accounts.claimAnnouncement(account, 50);
    expect(await cli.json("budgets", "show", "my-app")).toMatchObject({ announcedPercents: [50] });
  });

  it("wants a key or a tenant, and not both", async () => {
    const cli = await commandLine();
    for (const args of [[], ["my-app", "--tenant", "acme"]]) {
      expect(await cli.run("budgets", "show", ...args, "--local")).toMatchObject({ exitCode: 2 });
    }
    expect(await cli.run("budgets", "show", "ghost", "--local")).toMatchObject({ exitCode: 1 });
  });
});

describe("budgets set", () => {
  it("gives a key a budget, changes parts of it, and removes it", async () => {
    const cli = await commandLine();
    await makeKey(cli, "my-app", "--owner", "Ada");
    await cli.json("budgets", "set", "my-app", "--budget", "2", "--mode", "soft");
    expect(await cli.json("budgets", "set", "my-app", "--period", "week")).toMatchObject({
      limitUsd: "2",
      mode: "soft",
      period: "week",
      resetAt: "2026-11-23T00:00:00.000Z",
    });
    expect(await cli.json("budgets", "set", "my-app", "--no-budget")).toMatchObject({ limitUsd: null });
    expect(await cli.json("keys", "show", "my-app")).toMatchObject({ owner: "Ada" });
  });

  it("says that spend of another period does not count", async () => {
    const cli = await commandLine();
    await makeKey(cli, "my-app", "--budget", "1");
    const { stderr } = await cli.run("budgets", "set", "my-app", "--period", "day", "--local");
    expect(stderr).toContain("does not count");
  });

  it("gives a tenant a budget", async () => {
    const cli = await commandLine();
    await cli.json("budgets", "set", "--tenant", "acme", "--budget", "1000");
    expect(await cli.json("budgets", "show", "--tenant", "acme")).toMatchObject({
      tenant: "acme",
      limitUsd: "1000",
    });
  });

  it("is a usage error without a budget to set", async () => {
    const cli = await commandLine();
    expect(await cli.run("budgets", "set", "--tenant", "acme", "--local")).toMatchObject({ exitCode: 2 });
    expect(await cli.run("budgets", "set", "--tenant", "acme", "--mode", "soft", "--local")).toMatchObject({
      exitCode: 2,
    });
  });
});

describe("budgets adjust and reset", () => {
  it("correct the spend, with the reason in the audit trail", async () => {
    const cli = await commandLine();
    await use(cli, await makeKey(cli, "my-app", "--budget", "1"));
    cli.nowMs += 1000;
    const adjusted = await cli.json("budgets", "adjust", "my-app", "--by", "-0.10", "--reason", "refund");
    expect(adjusted).toMatchObject({ spentUsd: "0.2", reservedUsd: "0.2" });
    const [entry] = await cli.json<Report[]>("audit");
    expect(entry).toMatchObject({
      who: "alice",
      action: "budgets.adjust",
      subject: "key my-app",
      reason: "refund",
      changes: { spentUsd: { from: "0.3", to: "0.2" } },
    });
  });

  it("want a reason", async () => {
    const cli = await commandLine();
    await makeKey(cli, "my-app");
    expect(await cli.run("budgets", "adjust", "my-app", "--by", "1", "--local")).toMatchObject({
      exitCode: 2,
    });
  });

  it("set the spend to zero once confirmed, and leave reservations alone", async () => {
    const cli = await commandLine();
    await use(cli, await makeKey(cli, "my-app", "--budget", "1"));
    expect(await cli.run("budgets", "reset", "my-app", "--local")).toMatchObject({ exitCode: 2 });
    expect(await cli.json("budgets", "reset", "my-app", "--yes")).toMatchObject({
      spentUsd: "0",
      reservedUsd: "0.2",
    });
  });
});

describe("budgets list", () => {
  it("has every key and every tenant, those without a budget too", async () => {
    const cli = await commandLine();
    await use(cli, await makeKey(cli, "b", "--tenant", "named-by-key"));
    await makeKey(cli, "a", "--budget", "3");
    await cli.json("budgets", "set", "--tenant", "acme", "--budget", "7");
    const listed = await cli.json<Report[]>("budgets", "list");
    expect(
      listed.map(({ alias, tenant, limitUsd, spentUsd }) => [alias ?? tenant, limitUsd, spentUsd]),
    ).toEqual([
      ["a", "3", "0"],
      ["b", null, "0.3"],
      ["acme", "7", "0"],
      ["named-by-key", null, "0"],
    ]);
  });
});
