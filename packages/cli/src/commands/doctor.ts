/** `sluice doctor`: whether everything that a call needs is there and works, and what to do where it does not. */
import type { Command } from "commander";
import type { Finding, FindingStatus } from "../doctor/finding.ts";
import { CommandFailure } from "../failure.ts";
import { addCommonOptions, type OutputOptions, type TargetOptions } from "../options/command-options.ts";
import { DEFAULT_CONFIG_FILE } from "../options/config-option.ts";
import { styled } from "../output/style.ts";
import { withPlace } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";

/** Adds the command. */
export function addDoctor(program: Command, terminal: Terminal): void {
  addCommonOptions(
    program
      .command("doctor")
      .description("check config, keys, providers, drains, queues, table, bucket and clock with real calls")
      .option("--config <file>", "the config", DEFAULT_CONFIG_FILE)
      .option("--no-canary", "write no trace to the drains"),
    ["doctor --local", "doctor --stage production --no-canary --json"],
  ).action(
    async (
      options: TargetOptions & OutputOptions & { readonly config: string; readonly canary: boolean },
    ) => {
      await withPlace(options, terminal, async (place) => {
        const { examine } = await import("../doctor/doctor.ts");
        terminal.progress?.("examining …");
        const findings = await examine(place, options, terminal).finally(() => terminal.progress?.(""));
        const count = (status: FindingStatus) => findings.filter((each) => each.status === status).length;
        const failed = count("fail");
        terminal.print(
          options.json
            ? JSON.stringify({ where: place.label, healthy: failed === 0, checks: findings })
            : reportText(findings, terminal),
        );
        if (failed > 0) {
          const checks = `${failed} of ${findings.length} checks failed`;
          throw new CommandFailure("unhealthy", `${checks} for ${place.label}.`);
        }
        if (!options.json) {
          const warnings = count("warn");
          terminal.print(
            `\n${asSentence(place.label)} is healthy${warnings === 0 ? "" : `, warnings: ${warnings}`}.`,
          );
        }
      });
    },
  );
}

function asSentence(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

const STYLES = { ok: "green", warn: "yellow", fail: "red", skip: "dim" } as const;
const STATUS_WIDTH = 6;

function reportText(findings: readonly Finding[], terminal: Terminal): string {
  const width = Math.max(...findings.map(({ name }) => name.length)) + 2;
  return findings
    .map(({ name, status, message, remedy }) => {
      const head = styled(terminal, STYLES[status], status.padEnd(STATUS_WIDTH));
      const line = `${head}${name.padEnd(width)}${message.replaceAll(/\s+/g, " ")}`;
      return remedy === undefined ? line : `${line}\n${" ".repeat(STATUS_WIDTH + width)}Remedy: ${remedy}.`;
    })
    .join("\n");
}
