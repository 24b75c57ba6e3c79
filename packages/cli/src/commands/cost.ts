/** `sluice cost`: what a month of calls costs in AWS. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { LITELLM_ON_ECS_PER_MONTH } from "../cost/aws-prices.ts";
import { type CostLine, type MonthlyCost, monthlyCost, type Workload } from "../cost/cost-model.ts";
import { readCount } from "../options/values.ts";
import { table } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";

/** A function runs no longer (AWS Lambda quotas). */
const MAX_SECONDS = 900;

interface CostOptions extends Workload {
  readonly json?: true;
}

/** Adds the command. */
export function addCost(program: Command, terminal: Terminal): void {
  program
    .command("cost")
    .description("estimate what a month of calls costs in AWS, at list prices, without the models' own")
    .option("--calls <count>", "calls in a month; 0 for what an idle stage costs", readCalls, 1_000_000)
    .option("--seconds <count>", "how long a call takes", readSeconds, 8)
    .option("--request-kb <count>", "a call's request, KB", readCount, 32)
    .option("--answer-kb <count>", "a call's answer, KB", readCount, 8)
    .option("--memory-mb <count>", "memory of the gateway function", readCount, 512)
    .addOption(
      new Option("--budgets <kind>", "what most keys have")
        .choices(["none", "soft", "strict"])
        .default("strict"),
    )
    .option("--json", "print JSON, errors too")
    .addHelpText(
      "after",
      "\nExamples:\n  npx sluice cost\n  npx sluice cost --calls 50000 --seconds 20 --json",
    )
    .action((options: CostOptions) => {
      const cost = monthlyCost(options);
      terminal.print(options.json ? JSON.stringify(cost) : costText(options, cost, terminal));
    });
}

function readCalls(text: string): number {
  return text === "0" ? 0 : readCount(text);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new InvalidArgumentError(`Write seconds, at most ${MAX_SECONDS}.`);
}

function costText({ calls }: Workload, cost: MonthlyCost, terminal: Terminal): string {
  const row = ({ what, usd, because }: CostLine) => [what, dollars(usd), because];
  const rows = [
    ...cost.perCalls.map(row),
    ...cost.fixed.map((line) => {
      const [what = "", ...rest] = row(line);
      return [`${what} (a month)`, ...rest];
    }),
    ["total", dollars(cost.totalUsd), `${calls.toLocaleString("en")} calls in a month`],
  ];
  return [
    table(["what", "USD", "because"], rows, { ...terminal, right: ["USD"] }),
    `\nEach further million calls: ${dollars(cost.perMillionCallsUsd)}. LiteLLM on ECS, by AWS's own guidance: ${dollars(LITELLM_ON_ECS_PER_MONTH)} a month before the first call.`,
  ].join("\n");
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}
