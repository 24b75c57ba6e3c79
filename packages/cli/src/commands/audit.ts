/** `sluice audit`: who changed what. */
import type { AuditEntry, AuditedChange } from "@sluice/aws";
import type { Command } from "commander";
import { addCommonOptions, type OutputOptions, type TargetOptions } from "../options/command-options.ts";
import { readCount } from "../options/values.ts";
import { moment } from "../output/amounts.ts";
import { withTarget } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

const DEFAULT_LIMIT = 20;

/** Adds the command. */
export function addAudit(program: Command, terminal: Terminal): void {
  addCommonOptions(
    program
      .command("audit")
      .description("list what was changed, when and by whom, the latest first")
      .option("--limit <count>", "most entries", readCount, DEFAULT_LIMIT),
    ["audit --local", "audit --limit 100 --json --stage production"],
  ).action(async (options: TargetOptions & OutputOptions & { readonly limit: number }) => {
    await withTarget(options, terminal, async (target) => {
      const entries = await target.audit.latest(options.limit);
      terminal.print(options.json ? JSON.stringify(entries) : auditText(entries));
    });
  });
}

function auditText(entries: readonly AuditEntry[]): string {
  if (entries.length === 0) return "Nothing was changed yet.";
  return entries
    .map(({ at, who, action, subject, changes, reason }) =>
      [
        `${moment(Date.parse(at))}  ${action}  ${subject}  by ${who}`,
        ...Object.entries(changes).map(changePhrase),
        ...(reason === undefined ? [] : [`reason: ${reason}`]),
      ].join("\n  "),
    )
    .join("\n");
}

function changePhrase([name, { from, to }]: readonly [string, AuditedChange]): string {
  if (from === undefined) return `${name}: ${valuePhrase(to)}`;
  return `${name}: ${valuePhrase(from)} -> ${to === undefined ? "none" : valuePhrase(to)}`;
}

function valuePhrase(value: unknown): string {
  if (Array.isArray(value)) return value.map(valuePhrase).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}=${valuePhrase(member)}`)
    .join(" ");
}
