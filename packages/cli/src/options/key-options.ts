/** The options that make a virtual key what it is, its budget among them. */
import type { CaptureMode, RateLimits, VirtualKey } from "@sluice/keys";
import { type Command, Option } from "commander";
import { addBudgetOptions, applyBudgetOptions, type BudgetOptions } from "./budget-options.ts";
import {
  readCount,
  readEnvironment,
  readFutureMoment,
  readList,
  readName,
  readPair,
  readText,
} from "./values.ts";

/** As commander hands them over. False: `--no-…`, remove it. */
export interface KeyOptions extends BudgetOptions {
  readonly tenant?: string | false;
  readonly owner?: string | false;
  readonly environment?: string | false;
  readonly metadata?: Readonly<Record<string, string>> | false;
  readonly models?: readonly string[] | false;
  readonly drains?: readonly string[] | false;
  readonly capture?: CaptureMode | false;
  /** Unix time, ms. */
  readonly expires?: number | false;
  readonly requestsPerMinute?: number | false;
  readonly tokensPerMinute?: number | false;
  readonly parallelCalls?: number | false;
}

/** The part of a key that an operator decides. */
export type KeySettings = Omit<VirtualKey, "id" | "hash" | "alias" | "status" | "createdAtMs">;

/** Adds them to a command; with `removable`, for each the option that removes it too. */
export function addKeyOptions(
  command: Command,
  { nowMs, removable }: { readonly nowMs: () => number; readonly removable: boolean },
): Command {
  const add = (group: string, option: Option) => {
    command.addOption(option.helpGroup(group));
    const name = option.name();
    if (removable) {
      command.addOption(
        new Option(`--no-${name}`, `remove the ${name.replaceAll("-", " ")}`).helpGroup(group),
      );
    }
  };
  const identity = "Whose calls, and how they are traced:";
  add(identity, new Option("--tenant <name>", "the customer or team it belongs to").argParser(readName));
  add(identity, new Option("--owner <text>", "who answers for it").argParser(readText));
  add(
    identity,
    new Option("--environment <name>", "Langfuse environment of its calls").argParser(readEnvironment),
  );
  add(
    identity,
    new Option("--metadata <name=value...>", "metadata on each of its traces").argParser(readPair),
  );
  add(identity, new Option("--drains <names>", "drains its traces go to (default: all)").argParser(readList));
  add(
    identity,
    new Option("--capture <mode>", "how much of a call may leave the account").choices([
      "full",
      "redacted",
      "metadata",
    ]),
  );
  const limits = "What it may do:";
  add(
    limits,
    new Option("--models <globs>", "models it may use, such as 'gpt-*,claude-*' (default: all)").argParser(
      readList,
    ),
  );
  add(
    limits,
    new Option("--expires <when>", "a duration (30d), an ISO date or an ISO time").argParser((text: string) =>
      readFutureMoment(text, nowMs()),
    ),
  );
  add(limits, new Option("--requests-per-minute <count>", "most requests a minute").argParser(readCount));
  add(limits, new Option("--tokens-per-minute <count>", "most tokens a minute").argParser(readCount));
  add(limits, new Option("--parallel-calls <count>", "most calls at the same time").argParser(readCount));
  return addBudgetOptions(command, { removable });
}

/** What the options make of a key's settings. Throws `UsageFailure` when they make no sense together. */
export function applyKeyOptions(before: KeySettings, options: KeyOptions): KeySettings {
  const rateLimits = applyRateLimits(before.rateLimits, options);
  return defined({
    owner: chosen(options.owner, before.owner),
    tenant: chosen(options.tenant, before.tenant),
    environment: chosen(options.environment, before.environment),
    metadata: chosen(options.metadata, before.metadata),
    models: chosen(options.models, before.models),
    drains: chosen(options.drains, before.drains),
    capture: chosen(options.capture, before.capture),
    budget: applyBudgetOptions(before.budget, options),
    rateLimits: Object.keys(rateLimits).length > 0 ? rateLimits : undefined,
    expiresAtMs: chosen(options.expires, before.expiresAtMs),
  });
}

function applyRateLimits(before: RateLimits | undefined, options: KeyOptions): RateLimits {
  return defined({
    requestsPerMinute: chosen(options.requestsPerMinute, before?.requestsPerMinute),
    tokensPerMinute: chosen(options.tokensPerMinute, before?.tokensPerMinute),
    parallelCalls: chosen(options.parallelCalls, before?.parallelCalls),
  });
}

function chosen<T>(option: T | false | undefined, before: T | undefined): T | undefined {
  if (option === undefined) return before;
  return option === false ? undefined : option;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
