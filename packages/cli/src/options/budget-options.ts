/** The options that make a budget. */
import { type BudgetPolicy, PERIODS, type Period } from "@sluice/ledger";
import type { Picodollars } from "@sluice/prices";
import { type Command, Option } from "commander";
import { UsageFailure } from "../failure.ts";
import { readLimit, readName, readPercent } from "./values.ts";

/** As commander hands them over. False: `--no-…`, remove it. */
export interface BudgetOptions {
  readonly budget?: Picodollars | false;
  readonly period?: Period;
  readonly mode?: BudgetPolicy["mode"];
  readonly whenUnavailable?: NonNullable<BudgetPolicy["whenUnavailable"]> | false;
  readonly fallbackModel?: string | false;
  readonly fallbackFrom?: number;
}

const DEFAULT_PERIOD: Period = "month";
const DEFAULT_MODE = "strict";
const DEFAULT_FALLBACK_PERCENT = 80;
const GROUP = "Budget:";

/** Adds them to a command; with `removable`, those that remove a part too. */
export function addBudgetOptions(command: Command, { removable }: { readonly removable: boolean }): Command {
  const add = (option: Option) => command.addOption(option.helpGroup(GROUP));
  const addRemoval = (flag: string, what: string) => {
    if (removable) add(new Option(flag, what));
  };
  add(new Option("--budget <usd>", "most that may be spent in a period, US dollars").argParser(readLimit));
  addRemoval("--no-budget", "remove the budget");
  add(
    new Option(
      "--period <period>",
      `when the budget starts afresh, UTC (of a new budget: ${DEFAULT_PERIOD})`,
    ).choices(PERIODS),
  );
  add(
    new Option(
      "--mode <mode>",
      `strict: concurrency cannot overspend; soft: calls under way may (of a new budget: ${DEFAULT_MODE})`,
    ).choices(["strict", "soft"]),
  );
  add(
    new Option(
      "--when-unavailable <how>",
      "let calls through (open) or refuse them (closed) while the store is away (default: strict closed, soft open)",
    ).choices(["open", "closed"]),
  );
  addRemoval("--no-when-unavailable", "back to the default");
  add(
    new Option(
      "--fallback-model <model>",
      "the model to use instead when the budget is nearly gone",
    ).argParser(readName),
  );
  addRemoval("--no-fallback-model", "remove the fallback");
  add(
    new Option(
      "--fallback-from <percent>",
      `from which share of the budget on (of a new fallback: ${DEFAULT_FALLBACK_PERCENT})`,
    ).argParser(readPercent),
  );
  return command;
}

/** The budget that the options make of the one before. Throws `UsageFailure` when they make no sense together. */
export function applyBudgetOptions(
  before: BudgetPolicy | undefined,
  options: BudgetOptions,
): BudgetPolicy | undefined {
  const { budget, period, mode, whenUnavailable, fallbackModel, fallbackFrom } = options;
  const hasDetails = [period, mode, whenUnavailable, fallbackModel, fallbackFrom].some(
    (option) => option !== undefined,
  );
  if (budget === false) {
    if (hasDetails) throw new UsageFailure("--no-budget removes the budget: no other budget option fits.");
    return undefined;
  }
  const limit = budget ?? before?.limit;
  if (limit === undefined) {
    if (hasDetails) throw new UsageFailure("There is no budget to detail: add --budget <usd>.");
    return undefined;
  }
  const open = whenUnavailable ?? before?.whenUnavailable;
  const fallback = applyFallback(before, options);
  return {
    limit,
    period: period ?? before?.period ?? DEFAULT_PERIOD,
    mode: mode ?? before?.mode ?? DEFAULT_MODE,
    ...(open && { whenUnavailable: open }),
    ...(fallback && { fallback }),
  };
}

function applyFallback(
  before: BudgetPolicy | undefined,
  { fallbackModel, fallbackFrom }: BudgetOptions,
): BudgetPolicy["fallback"] {
  const model = fallbackModel ?? before?.fallback?.model;
  if (model === undefined || model === false) {
    if (fallbackFrom !== undefined) {
      throw new UsageFailure("--fallback-from says when: add --fallback-model <model> to say what to.");
    }
    return undefined;
  }
  return { fromPercent: fallbackFrom ?? before?.fallback?.fromPercent ?? DEFAULT_FALLBACK_PERCENT, model };
}
