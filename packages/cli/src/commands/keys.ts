/** `sluice keys …`: virtual keys, from their making to their end. */
import { hashSecret, newKeyId, newSecret, type VirtualKey } from "@sluice/keys";
import type { Command } from "commander";
import { changesBetween } from "../audited-changes.ts";
import { confirm } from "../confirm.ts";
import { keyDetails, keyTable, keyView } from "../keys/key-view.ts";
import { requireKey } from "../keys/require-key.ts";
import {
  addCommonOptions,
  addConfirmOption,
  type ConfirmOptions,
  type OutputOptions,
  requireSettings,
  type TargetOptions,
} from "../options/command-options.ts";
import { addKeyOptions, applyKeyOptions, type KeyOptions } from "../options/key-options.ts";
import { readDuration, readName } from "../options/values.ts";
import { moment } from "../output/amounts.ts";
import { styled } from "../output/style.ts";
import { type Target, withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

type Common = TargetOptions & OutputOptions;

const DEFAULT_GRACE = "24h";

/** Adds the group. */
export function addKeys(program: Command, terminal: Terminal): void {
  const keys = program.command("keys").description("virtual keys: make, look at, change, rotate, revoke");
  addCreate(keys, terminal);
  addList(keys, terminal);
  addShow(keys, terminal);
  addUpdate(keys, terminal);
  addSwitch(keys, terminal, {
    name: "block",
    status: "blocked",
    description: "refuse a key's calls, until it is unblocked",
  });
  addSwitch(keys, terminal, {
    name: "unblock",
    status: "enabled",
    description: "take a blocked key's calls again",
  });
  addRotate(keys, terminal);
  addRevoke(keys, terminal);
}

function addCreate(keys: Command, terminal: Terminal): void {
  const command = keys
    .command("create")
    .description("make a key, and show it once")
    .requiredOption("--alias <alias>", "its name, unique in a deployment", readName);
  addKeyOptions(command, { nowMs: () => terminal.nowMs(), removable: false });
  addCommonOptions(command, [
    "keys create --alias my-app --budget 25 --local",
    "keys create --alias ci --models 'gpt-4o-mini,claude-*' --expires 30d --stage production",
    "keys create --alias shop --tenant acme --budget 1.50 --period day --mode soft --json --local",
  ]).action(async (options: KeyOptions & Common & { readonly alias: string }) => {
    const { alias } = options;
    const settings = applyKeyOptions({}, options);
    await withTarget(options, terminal, async (target) => {
      const secret = newSecret(terminal.random);
      const key: VirtualKey = {
        id: newKeyId(terminal.random),
        hash: hashSecret(secret),
        alias,
        status: "enabled",
        ...settings,
        createdAtMs: terminal.nowMs(),
      };
      await target.keys.create(key);
      if (options.json) terminal.print(JSON.stringify({ id: key.id, key: secret, alias }));
      else showSecret(terminal, secret, keyDetails(key, terminal.nowMs()));
      await target.record({
        action: "keys.create",
        subject: `key ${alias}`,
        changes: changesBetween(undefined, keyView(key, terminal.nowMs())),
      });
    });
  });
}

function addList(keys: Command, terminal: Terminal): void {
  addCommonOptions(keys.command("list").description("list all keys"), [
    "keys list --local",
    "keys list --stage production --json",
  ]).action(async (options: Common) => {
    await withTarget(options, terminal, async (target) => {
      const all = await target.keys.list();
      const nowMs = terminal.nowMs();
      terminal.print(
        options.json
          ? JSON.stringify(all.map((key) => keyView(key, nowMs)))
          : keyTable(all, { nowMs, hasColours: terminal.hasColours }),
      );
    });
  });
}

function addShow(keys: Command, terminal: Terminal): void {
  addCommonOptions(withAlias(keys.command("show").description("show a key, but for its secret")), [
    "keys show my-app --local",
  ]).action(async (alias: string, options: Common) => {
    await withTarget(options, terminal, async (target) => {
      printKey(await requireKey(target.keys, alias), options, terminal);
    });
  });
}

function addUpdate(keys: Command, terminal: Terminal): void {
  const command = withAlias(keys.command("update").description("change a key; what is not named stays"));
  addKeyOptions(command, { nowMs: () => terminal.nowMs(), removable: true });
  addCommonOptions(command, [
    "keys update my-app --budget 50 --local",
    "keys update my-app --no-expires --models 'gpt-*' --stage production",
  ]).action(async (alias: string, options: KeyOptions & Common) => {
    requireSettings(options);
    await withTarget(options, terminal, async (target) => {
      const { before, after } = await change(target, alias, (key) => {
        const { id, hash, status, createdAtMs, ...settings } = key;
        return { id, hash, alias, status, createdAtMs, ...applyKeyOptions(settings, options) };
      });
      const nowMs = terminal.nowMs();
      const changes = changesBetween(keyView(before, nowMs), keyView(after, nowMs));
      printKey(after, options, terminal);
      await target.record({ action: "keys.update", subject: `key ${alias}`, changes });
    });
  });
}

function addSwitch(
  keys: Command,
  terminal: Terminal,
  {
    name,
    status,
    description,
  }: { readonly name: string; readonly status: VirtualKey["status"]; readonly description: string },
): void {
  addCommonOptions(withAlias(keys.command(name).description(description)), [
    `keys ${name} my-app --local`,
  ]).action(async (alias: string, options: Common) => {
    await withTarget(options, terminal, async (target) => {
      const { before, after } = await change(target, alias, (key) => ({ ...key, status }));
      if (options.json) terminal.print(JSON.stringify(keyView(after, terminal.nowMs())));
      else terminal.print(`The key "${alias}" is ${status}. Running gateways know it within seconds.`);
      await target.record({
        action: `keys.${name}`,
        subject: `key ${alias}`,
        changes: changesBetween({ status: before.status }, { status }),
      });
    });
  });
}

function addRotate(keys: Command, terminal: Terminal): void {
  addCommonOptions(
    withAlias(keys.command("rotate").description("give a key another secret, and show it once")).option(
      "--grace <duration>",
      "how long the old secret still counts",
      readDuration,
      readDuration(DEFAULT_GRACE),
    ),
    ["keys rotate my-app --local", "keys rotate my-app --grace 0s --stage production"],
  ).action(async (alias: string, options: Common & { readonly grace: number }) => {
    await withTarget(options, terminal, async (target) => {
      const secret = newSecret(terminal.random);
      const nowMs = terminal.nowMs();
      const times = { nowMs, graceUntilMs: nowMs + options.grace };
      const { id, expiresAtMs } = await target.keys.rotate(alias, hashSecret(secret), times);
      // An old secret ends with its key at the latest.
      const graceUntilMs = Math.min(times.graceUntilMs, expiresAtMs ?? Number.POSITIVE_INFINITY);
      const graceUntil = new Date(graceUntilMs).toISOString();
      if (options.json) terminal.print(JSON.stringify({ id, key: secret, alias, graceUntil }));
      else showSecret(terminal, secret, `The old secret of "${alias}" counts until ${moment(graceUntilMs)}.`);
      await target.record({
        action: "keys.rotate",
        subject: `key ${alias}`,
        changes: { graceUntil: { to: graceUntil } },
      });
    });
  });
}

function addRevoke(keys: Command, terminal: Terminal): void {
  addCommonOptions(
    addConfirmOption(
      withAlias(keys.command("revoke").description("delete a key with all its secrets, for good")),
    ),
    ["keys revoke my-app --local", "keys revoke my-app --yes --stage production"],
  ).action(async (alias: string, options: Common & ConfirmOptions) => {
    await withTarget(options, terminal, async (target) => {
      const key = await requireKey(target.keys, alias);
      await confirm(`Revoke the key "${alias}" (${key.id}) for good?`, options, terminal);
      await target.keys.remove(alias);
      if (options.json) terminal.print(JSON.stringify({ id: key.id, alias, revoked: true }));
      else terminal.print(`The key "${alias}" is revoked. Running gateways know it within seconds.`);
      const changes = changesBetween(keyView(key, terminal.nowMs()), undefined);
      await target.record({ action: "keys.revoke", subject: `key ${alias}`, changes });
    });
  });
}

function withAlias(command: Command): Command {
  return command.argument("<alias>", "the key's name", readName);
}

function printKey(key: VirtualKey, { json }: OutputOptions, terminal: Terminal): void {
  const nowMs = terminal.nowMs();
  terminal.print(json ? JSON.stringify(keyView(key, nowMs)) : keyDetails(key, nowMs));
}

/** The one time that a secret is seen. */
function showSecret(terminal: Terminal, secret: string, about: string): void {
  const hint = "Keep it now: it is stored as a hash, and cannot be shown again.";
  terminal.print(`${styled(terminal, "bold", secret)}\n${styled(terminal, "yellow", hint)}\n\n${about}`);
}

async function change(
  target: Target,
  alias: string,
  edit: (key: VirtualKey) => VirtualKey,
): Promise<{ readonly before: VirtualKey; readonly after: VirtualKey }> {
  let before: VirtualKey | undefined;
  const after = await target.keys.update(alias, (key) => {
    before = key;
    return edit(key);
  });
  return { before: before ?? after, after };
}
