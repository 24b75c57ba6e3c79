import { createKeyStore } from "@sluice/aws";
import { hashSecret, parseSecret, type VirtualKey } from "@sluice/keys";
import { parseUsd } from "@sluice/prices";
import { describe, expect, it } from "vitest";
import type { KeyView } from "../../../../packages/cli/src/keys/key-view.ts";
import { type CommandLine, commandLine } from "../../../support/cli.ts";

interface Created {
  readonly id: string;
  readonly key: string;
  readonly alias: string;
}

const DAY_MS = 86_400_000;

/** What the gateway finds when somebody calls with this secret. */
async function behind(cli: CommandLine, secret: string): Promise<VirtualKey | undefined> {
  const parsed = parseSecret(secret);
  if (!parsed) throw new Error("This is not the form of a key.");
  return await createKeyStore({ client: cli.client, table: cli.table }).findByHash(hashSecret(parsed));
}

const create = (cli: CommandLine, alias: string, ...args: readonly string[]) =>
  cli.json<Created>("keys", "create", "--alias", alias, ...args);

describe("keys create", () => {
  it("prints exactly the id, the key and the alias, and the key is what the gateway finds", async () => {
    const cli = await commandLine();
    const created = await create(
      cli,
      "my-app",
      "--tenant",
      "acme",
      "--budget",
      "1.00",
      "--models",
      "gpt-*,o1",
    );
    expect(Object.keys(created)).toEqual(["id", "key", "alias"]);
    expect(await behind(cli, created.key)).toEqual({
      id: created.id,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      alias: "my-app",
      status: "enabled",
      tenant: "acme",
      budget: { limit: parseUsd("1"), period: "month", mode: "strict" },
      models: ["gpt-*", "o1"],
      createdAtMs: cli.nowMs,
    });
  });

  it("shows a person the key once, and says so", async () => {
    const cli = await commandLine();
    const { stdout } = await cli.run("keys", "create", "--alias", "my-app", "--local");
    expect(stdout).toMatch(/^sk-sluice-[\w-]{43}\n.*cannot be shown again/);
    const later = await cli.run("keys", "show", "my-app", "--local");
    expect(later.stdout).toContain("my-app");
    expect(later.stdout).not.toContain("sk-sluice");
  });

  it("gives an alias to one of two that want it at the same time", async () => {
    const cli = await commandLine();
    const results = await Promise.all(
      Array.from({ length: 2 }, () => cli.run("keys", "create", "--alias", "wanted", "--local", "--json")),
    );
    expect(results.map(({ exitCode }) => exitCode).toSorted((a, b) => a - b)).toEqual([0, 1]);
    const loser = results.find(({ exitCode }) => exitCode === 1);
    expect(JSON.parse(loser?.stderr ?? "")).toEqual({
      error: { code: "alias_taken", message: expect.stringContaining("Choose another alias") },
    });
    const winner = JSON.parse(results.find(({ exitCode }) => exitCode === 0)?.stdout ?? "") as Created;
    const listed = await cli.json<KeyView[]>("keys", "list");
    expect(listed.map(({ id }) => id)).toEqual([winner.id]);
  });

  it("repeats no key that was given in place of an alias", async () => {
    const cli = await commandLine();
    const attempts = [
      ["keys", "create", "--alias", "sk-sluice-secret", "--local"],
      ["keys", "show", "sk-sluice-secret", "--local"],
      ["keys", "list", "sk-sluice-secret", "--local"],
      ["keys", "sk-sluice-secret"],
    ];
    for (const args of attempts) {
      const { exitCode, stdout, stderr } = await cli.run(...args);
      expect(exitCode).toBe(2);
      expect(stdout + stderr).not.toContain("secret");
    }
  });
});

describe("keys list and show", () => {
  it("list every key by alias, without hashes", async () => {
    const cli = await commandLine();
    await create(cli, "b", "--expires", "1d");
    await create(cli, "a");
    cli.nowMs += 2 * DAY_MS;
    const listed = await cli.json<KeyView[]>("keys", "list");
    expect(listed.map(({ alias, status }) => [alias, status])).toEqual([
      ["a", "enabled"],
      ["b", "expired"],
    ]);
    expect(JSON.stringify(listed)).not.toMatch(/hash|[0-9a-f]{64}/);
  });

  it("say what to do when there is no key, or not this one", async () => {
    const cli = await commandLine();
    expect((await cli.run("keys", "list", "--local")).stdout).toContain("keys create");
    expect(await cli.run("keys", "show", "ghost", "--local")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: 'sluice: There is no key "ghost". List them with: npx sluice keys list\n',
    });
  });
});

describe("keys update", () => {
  it("changes what is named, and keeps the secret", async () => {
    const cli = await commandLine();
    const { key } = await create(cli, "my-app", "--budget", "1", "--owner", "Ada");
    const view = await cli.json<KeyView>("keys", "update", "my-app", "--mode", "soft", "--no-owner");
    expect(view.budget).toMatchObject({ limitUsd: "1", mode: "soft", whenUnavailable: "open" });
    expect(view.owner).toBeUndefined();
    expect(await behind(cli, key)).toMatchObject({ alias: "my-app", budget: { mode: "soft" } });
  });

  it("is a usage error when nothing is to be changed", async () => {
    const cli = await commandLine();
    await create(cli, "my-app");
    expect(await cli.run("keys", "update", "my-app", "--local")).toMatchObject({ exitCode: 2 });
  });
});

describe("keys rotate", () => {
  it("takes both secrets until the grace time is over", async () => {
    const cli = await commandLine();
    const before = await create(cli, "my-app");
    const after = await cli.json<Created>("keys", "rotate", "my-app", "--grace", "2h");
    expect(after.id).toBe(before.id);
    expect(await behind(cli, after.key)).not.toHaveProperty("expiresAtMs");
    expect(await behind(cli, before.key)).toMatchObject({
      id: before.id,
      expiresAtMs: cli.nowMs + 7_200_000,
    });
  });

  it("forgets secrets whose grace time is over at the next rotation", async () => {
    const cli = await commandLine();
    const first = await create(cli, "my-app");
    const second = await cli.json<Created>("keys", "rotate", "my-app", "--grace", "1h");
    cli.nowMs += DAY_MS;
    await cli.json("keys", "rotate", "my-app");
    expect(await behind(cli, first.key)).toBeUndefined();
    expect(await behind(cli, second.key)).toMatchObject({ expiresAtMs: cli.nowMs + DAY_MS });
  });

  it("lets no old secret outlive its key", async () => {
    const cli = await commandLine();
    const before = await create(cli, "my-app", "--expires", "1h");
    const rotated = await cli.json<{ graceUntil: string }>("keys", "rotate", "my-app", "--grace", "1d");
    expect(Date.parse(rotated.graceUntil)).toBe(cli.nowMs + 3_600_000);
    expect(await behind(cli, before.key)).toMatchObject({ expiresAtMs: cli.nowMs + 3_600_000 });
    await cli.json("keys", "update", "my-app", "--expires", "30m");
    expect(await behind(cli, before.key)).toMatchObject({ expiresAtMs: cli.nowMs + 1_800_000 });
  });

  it("leaves one new secret when two rotate at the same time, also when the old one's end stays as it was", async () => {
    const cli = await commandLine();
    await create(cli, "my-app", "--expires", "1h");
    const results = await Promise.all(
      Array.from({ length: 2 }, () => cli.run("keys", "rotate", "my-app", "--local", "--json")),
    );
    const won = results.filter(({ exitCode }) => exitCode === 0);
    const secrets = won.map(({ stdout }) => (JSON.parse(stdout) as Created).key);
    await cli.json("keys", "block", "my-app");
    const found = await Promise.all(secrets.map((secret) => behind(cli, secret)));
    expect(found.map((key) => key?.status)).toEqual(secrets.map(() => "blocked"));
  });
});

describe("keys block and unblock", () => {
  it("go for the secret in its grace time too", async () => {
    const cli = await commandLine();
    const before = await create(cli, "my-app");
    const after = await cli.json<Created>("keys", "rotate", "my-app");
    const statuses = async () =>
      (await Promise.all([behind(cli, before.key), behind(cli, after.key)])).map((key) => key?.status);
    await cli.json("keys", "block", "my-app");
    expect(await statuses()).toEqual(["blocked", "blocked"]);
    await cli.json("keys", "unblock", "my-app");
    expect(await statuses()).toEqual(["enabled", "enabled"]);
  });
});

describe("keys revoke", () => {
  it("ends every secret, and frees the alias", async () => {
    const cli = await commandLine();
    const before = await create(cli, "my-app");
    const after = await cli.json<Created>("keys", "rotate", "my-app");
    await cli.json("keys", "revoke", "my-app", "--yes");
    expect(await Promise.all([behind(cli, before.key), behind(cli, after.key)])).toEqual([
      undefined,
      undefined,
    ]);
    expect((await create(cli, "my-app")).id).not.toBe(before.id);
  });

  it("asks a person, and takes anything but yes for no", async () => {
    const cli = await commandLine();
    await create(cli, "my-app");
    for (const answer of ["", "n", "yesterday"]) {
      cli.answer = answer;
      expect(await cli.run("keys", "revoke", "my-app", "--local")).toMatchObject({ exitCode: 1 });
    }
    expect(await cli.json<KeyView[]>("keys", "list")).toHaveLength(1);
    cli.answer = "y";
    expect(await cli.run("keys", "revoke", "my-app", "--local")).toMatchObject({ exitCode: 0 });
    expect(cli.questions).toHaveLength(4);
    expect(await cli.json<KeyView[]>("keys", "list")).toHaveLength(0);
  });

  it("needs --yes where nobody can be asked", async () => {
    const cli = await commandLine();
    await create(cli, "my-app");
    const refused = await cli.run("keys", "revoke", "my-app", "--local");
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("add --yes") });
    expect(await cli.json<KeyView[]>("keys", "list")).toHaveLength(1);
  });
});
