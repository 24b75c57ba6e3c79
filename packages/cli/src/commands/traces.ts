/** `sluice traces`: one call, from its request to its cost. */
import { type Command, InvalidArgumentError } from "commander";
import { CommandFailure } from "../failure.ts";
import { addCommonOptions, type OutputOptions, type TargetOptions } from "../options/command-options.ts";
import { DEFAULT_CONFIG_FILE } from "../options/config-option.ts";
import { readDuration } from "../options/values.ts";
import { withPlace } from "../target/target.ts";
import type { Terminal } from "../terminal.ts";
import type { TraceDocument } from "../traces/trace-document.ts";

/** What `traces show` is asked for with. */
export interface ShowOptions extends TargetOptions, OutputOptions {
  readonly content?: true;
  readonly drain?: string;
  readonly config: string;
  /** Ms before now. */
  readonly since: number;
}

const DEFAULT_SINCE_MS = 86_400_000;

/** Adds the group. */
export function addTraces(program: Command, terminal: Terminal): void {
  const show = program
    .command("traces")
    .description("look at the trace of a call")
    .command("show")
    .description("show a call: its spans as a waterfall, model, tokens, cost, metadata")
    .argument("<id>", "trace id (x-sluice-trace-id) or request id (x-sluice-request-id)", readId)
    .option("--content", "input and output too")
    .option("--drain <name>", "of a stage: the drain to ask (default: each of type langfuse)")
    .option("--config <file>", "of a stage: the config", DEFAULT_CONFIG_FILE)
    .option(
      "--since <duration>",
      "of a stage, for a request id: how far back its log is read",
      readDuration,
      DEFAULT_SINCE_MS,
    );
  for (const option of show.options) if (option.long === "--since") option.defaultValueDescription = "24h";
  addCommonOptions(show, [
    "traces show 4bf92f3577b34da6a3ce929d0e0e4736 --local",
    "traces show req_15cf446faff2d70bad2ec0383e2aad7a --content --stage production",
  ]).action(async (id: string, options: ShowOptions) => {
    await withPlace(options, terminal, async (place) => {
      const { findTrace } = await import("../traces/find-trace.ts");
      const found = await findTrace(id, place, options, terminal);
      const trace = options.content ? found : withoutContent(found);
      const { traceText } = await import("../traces/trace-text.ts");
      terminal.print(options.json ? JSON.stringify(trace) : traceText(trace, terminal));
    });
  });
}

function readId(text: string): string {
  if (/^(?:[0-9a-f]{32}|req_[0-9a-f]{32})$/.test(text)) return text;
  throw new InvalidArgumentError("An id has 32 hex digits; that of a request has req_ before them.");
}

/** A call's words are shown only to those who ask for them. */
function withoutContent(trace: TraceDocument): TraceDocument {
  return { ...trace, spans: trace.spans.map(({ input: _input, output: _output, ...span }) => span) };
}

/** There is no such trace. */
export function noTrace(id: string, where: string): CommandFailure {
  return new CommandFailure(
    "not_found",
    `There is no trace of ${id} in ${where}. A call is seen some seconds after its end; npx sluice queue status tells what is still on its way.`,
  );
}
