import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { commandLine } from "../../../support/cli.ts";

interface Entry {
  readonly action: string;
  readonly subject: string;
}

describe("the audit trail", () => {
  it("has every change, the latest first, and nothing else", async () => {
    const cli = await commandLine();
    const changes = [
      ["keys", "create", "--alias", "my-app"],
      ["keys", "update", "my-app", "--owner", "Ada"],
      ["keys", "block", "my-app"],
      ["keys", "unblock", "my-app"],
      ["keys", "rotate", "my-app"],
      ["budgets", "set", "my-app", "--budget", "1"],
      ["budgets", "adjust", "my-app", "--by", "0.1", "--reason", "test"],
      ["budgets", "reset", "my-app", "--yes"],
      ["keys", "revoke", "my-app", "--yes"],
    ];
    for (const args of changes) {
      cli.nowMs += 1000;
      await cli.json(...args);
    }
    await cli.json("keys", "list");
    await cli.json("budgets", "list");
    const entries = await cli.json<Entry[]>("audit");
    expect(entries.toReversed().map(({ action }) => action)).toEqual(
      changes.map(([group, command]) => `${group}.${command}`),
    );
    expect(await cli.json<Entry[]>("audit", "--limit", "2")).toEqual(entries.slice(0, 2));
  });

  it("holds neither keys nor their hashes, and expires", async () => {
    const cli = await commandLine();
    await cli.json("keys", "create", "--alias", "my-app");
    await cli.json("keys", "rotate", "my-app");
    const { Items = [] } = await cli.client.send(
      new QueryCommand({
        TableName: cli.table,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: "AUDIT" } },
      }),
    );
    expect(Items).toHaveLength(2);
    expect(JSON.stringify(Items)).not.toMatch(/sk-sluice|[0-9a-f]{64}/);
    const inFourHundredDays = cli.nowMs / 1000 + 400 * 86_400;
    expect(Items.map(({ ttl }) => Number(ttl?.N))).toEqual([inFourHundredDays, inFourHundredDays]);
  });

  it("has no entry of a change that failed", async () => {
    const cli = await commandLine();
    await cli.json("keys", "create", "--alias", "my-app");
    await cli.run("keys", "create", "--alias", "my-app", "--local");
    expect(await cli.json("audit")).toHaveLength(1);
  });

  it("is told on standard error, apart from what a program reads", async () => {
    const cli = await commandLine();
    const { stdout, stderr } = await cli.run("keys", "create", "--alias", "my-app", "--local", "--json");
    expect(stderr).toBe("audit: keys.create key my-app by alice on the local system\n");
    expect(stdout.trim().split("\n")).toHaveLength(1);
  });
});
