/** `sluice budgets …`: what keys and tenants may spend, and what they have spent. */
import type { BudgetPolicy } from "@sluice/ledger";
import { formatUsd, type Picodollars } from "@sluice/prices";
import type { Command } from "commander";
import { changesBetween } from "../audited-changes.ts";
import {
  accountOf,
  budgetDetails,
  budgetReport,
  budgetTable,
  type Holder,
  type Standing,
} from "../budgets/budget-report.ts";
import { findHolder, type HolderOptions, setBudget } from "../budgets/holders.ts";
import { allStandings, standingOf } from "../budgets/standings.ts";
import { confirm } from "../confirm.ts";
import { budgetView } from "../keys/key-view.ts";
import { addBudgetOptions, applyBudgetOptions, type BudgetOptions } from "../options/budget-options.ts";
import {
  addCommonOptions,
  addConfirmOption,
  type ConfirmOptions,
  type OutputOptions,
  requireSettings,
  type TargetOptions,
} from "../options/command-options.ts";
import { readAmount, readName, readText } from "../options/values.ts";
import { dollars } from "../output/amounts.ts";
import { type Target, withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

type Common = TargetOptions & OutputOptions & HolderOptions;

/** Adds the group. */
export function addBudgets(program: Command, terminal: Terminal): void {
  const budgets = program
    .command("budgets")
    .description("budgets of keys and tenants: look at, set, correct");
  addShow(budgets, terminal);
  addList(budgets, terminal);
  addSet(budgets, terminal);
  addAdjust(budgets, terminal);
  addReset(budgets, terminal);
}

function addShow(budgets: Command, terminal: Terminal): void {
  addCommonOptions(withHolder(budgets.command("show").description("what was spent in the present period")), [
    "budgets show my-app --local",
    "budgets show --tenant acme --json --stage production",
  ]).action(async (alias: string | undefined, options: Common) => {
    await withTarget(options, terminal, async (target) => {
      const holder = await findHolder(target.keys, alias, options);
      print(await standingOf(target, holder, terminal.nowMs()), options, terminal);
    });
  });
}

function addList(budgets: Command, terminal: Terminal): void {
  addCommonOptions(budgets.command("list").description("what all keys and tenants spent"), [
    "budgets list --local",
  ]).action(async (options: TargetOptions & OutputOptions) => {
    await withTarget(options, terminal, async (target) => {
      const standings = await allStandings(target, terminal.nowMs());
      terminal.print(
        options.json ? JSON.stringify(standings.map(budgetReport)) : budgetTable(standings, terminal),
      );
    });
  });
}

function addSet(budgets: Command, terminal: Terminal): void {
  const command = withHolder(
    budgets.command("set").description("set a budget or parts of it; what is not named stays"),
  );
  addBudgetOptions(command, { removable: true });
  addCommonOptions(command, [
    "budgets set my-app --budget 50 --local",
    "budgets set --tenant acme --budget 1000 --period month --mode soft --stage production",
    "budgets set my-app --no-budget --local",
  ]).action(async (alias: string | undefined, options: Common & BudgetOptions) => {
    requireSettings(options, ["tenant"]);
    await withTarget(options, terminal, async (target) => {
      let before: BudgetPolicy | undefined;
      const holder = await setBudget(target.keys, alias, options, (present) => {
        before = present;
        return applyBudgetOptions(present, options);
      });
      print(await standingOf(target, holder, terminal.nowMs()), options, terminal);
      if (before && holder.budget && before.period !== holder.budget.period) {
        terminal.note(
          `Spend is now summed up by another period (${holder.budget.period}): what was spent in the former one does not count in it.`,
        );
      }
      await target.record({
        action: "budgets.set",
        subject: subjectOf(holder),
        changes: changesBetween(before && budgetView(before), holder.budget && budgetView(holder.budget)),
      });
    });
  });
}

function addAdjust(budgets: Command, terminal: Terminal): void {
  addCommonOptions(
    withHolder(budgets.command("adjust").description("correct what was spent in the present period"))
      .requiredOption("--by <usd>", "added to the spend; negative gives back", readAmount)
      .requiredOption("--reason <text>", "why, for the audit trail", readText),
    [
      'budgets adjust my-app --by -0.50 --reason "refund for the outage" --local',
      'budgets adjust --tenant acme --by 12 --reason "calls past the gateway" --stage production',
    ],
  ).action(
    async (
      alias: string | undefined,
      options: Common & { readonly by: Picodollars; readonly reason: string },
    ) => {
      await withTarget(options, terminal, async (target) => {
        const holder = await findHolder(target.keys, alias, options);
        await adjust(target, holder, { ...options, action: "budgets.adjust" }, terminal);
      });
    },
  );
}

function addReset(budgets: Command, terminal: Terminal): void {
  addCommonOptions(
    addConfirmOption(
      withHolder(budgets.command("reset").description("set the spend of the present period to zero")),
    ).option("--reason <text>", "why, for the audit trail", readText),
    ["budgets reset my-app --local", "budgets reset --tenant acme --yes --stage production"],
  ).action(
    async (alias: string | undefined, options: Common & ConfirmOptions & { readonly reason?: string }) => {
      await withTarget(options, terminal, async (target) => {
        const holder = await findHolder(target.keys, alias, options);
        const { totals } = await standingOf(target, holder, terminal.nowMs());
        const question = `Set the spend of the ${subjectOf(holder)} from ${dollars(totals.spent)} to zero?`;
        await confirm(question, options, terminal);
        // Taking off what was seen, so that a call that is settled meanwhile still counts.
        const by = (0n - totals.spent) as Picodollars;
        await adjust(target, holder, { ...options, by, action: "budgets.reset" }, terminal);
      });
    },
  );
}

async function adjust(
  target: Target,
  holder: Holder,
  options: OutputOptions & { readonly by: Picodollars; readonly action: string; readonly reason?: string },
  terminal: Terminal,
): Promise<void> {
  const { by, action, reason } = options;
  const { account, ...period } = accountOf(holder, terminal.nowMs());
  const totals = await target.accounts.adjust(account, by);
  print({ holder, account, ...period, totals }, options, terminal);
  await target.record({
    action,
    subject: subjectOf(holder),
    changes: {
      period: { to: account.periodId },
      spentUsd: { from: formatUsd((totals.spent - by) as Picodollars), to: formatUsd(totals.spent) },
    },
    ...(reason !== undefined && { reason }),
  });
}

function print(standing: Standing, { json }: OutputOptions, terminal: Terminal): void {
  const { hasColours } = terminal;
  terminal.print(
    json
      ? JSON.stringify(budgetReport(standing))
      : budgetDetails(standing, { nowMs: terminal.nowMs(), hasColours }),
  );
}

function subjectOf({ kind, name }: Holder): string {
  return `${kind} ${name}`;
}

function withHolder(command: Command): Command {
  return command
    .argument("[alias]", "the key's name", readName)
    .option("--tenant <name>", "a tenant, in place of a key", readName);
}
