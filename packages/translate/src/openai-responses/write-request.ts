/** Writes a request for the responses endpoint. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, OutputFormat, ReasoningSettings, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import { effortOfBudget } from "../reasoning-effort.ts";
import { writeItems } from "./write-items.ts";

/** Models that think, and so can give their thinking in encrypted form; others refuse to be asked for it. */
const THINKING_MODELS = /^(?:ft:|openai[./])*(?:o\d|gpt-[5-9](?!.*chat)|codex)/;

/** Writes the body. What responses cannot say is noted. */
export function writeRequest(conversation: Conversation, note: Note): JsonObject {
  const { model, tools, toolChoice, parallelToolCalls, maxOutputTokens, sampling } = conversation;
  const { userId, serviceTier, openAi = {} } = conversation;
  const { instructions, turns } = splitInstructions(conversation.turns);
  const reasoning = writeReasoning(conversation.reasoning);
  const text = writeText(conversation.outputFormat, openAi.verbosity);
  const include = [
    ...(reasoning || THINKING_MODELS.test(model) ? ["reasoning.encrypted_content"] : []),
    ...(sampling.logprobs ? ["message.output_text.logprobs"] : []),
  ];
  noteUnsaid(conversation, note);
  return {
    model,
    ...(instructions !== undefined && { instructions }),
    input: writeItems(turns, note),
    ...(tools.length > 0 && { tools: tools.map(writeTool) }),
    ...(toolChoice && {
      tool_choice: toolChoice.kind === "tool" ? { type: "function", name: toolChoice.name } : toolChoice.kind,
    }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling.topLogprobs !== undefined && { top_logprobs: sampling.topLogprobs }),
    ...(reasoning && { reasoning }),
    ...(text && { text }),
    ...(include.length > 0 && { include }),
    ...(conversation.stream && { stream: true }),
    ...(userId !== undefined && { user: userId }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
    ...(openAi.metadata && { metadata: openAi.metadata }),
    // Responses are kept by default. Nobody could ask for this one, for the caller's format knows no such thing.
    store: openAi.store ?? false,
    ...(openAi.promptCacheKey !== undefined && { prompt_cache_key: openAi.promptCacheKey }),
    ...(openAi.promptCacheRetention !== undefined && { prompt_cache_retention: openAi.promptCacheRetention }),
    ...(openAi.safetyIdentifier !== undefined && { safety_identifier: openAi.safetyIdentifier }),
  };
}

/** A leading system turn goes into the field that is made for it. Instructions elsewhere are messages. */
function splitInstructions(turns: readonly Turn[]) {
  const [first, ...rest] = turns;
  const texts =
    first?.parts.map((part) => (part.kind === "text" && !part.cache ? part.text : undefined)) ?? [];
  if (first?.role !== "system" || texts.length === 0 || texts.includes(undefined)) return { turns };
  return { instructions: texts.join("\n\n"), turns: rest };
}

function writeTool({ name, description, parameters, strict }: Conversation["tools"][number]): JsonObject {
  return {
    type: "function",
    name,
    ...(description !== undefined && { description }),
    parameters,
    // Responses are strict by default, every other format is not.
    strict: strict ?? false,
  };
}

function writeReasoning(reasoning: ReasoningSettings | undefined): JsonObject | undefined {
  if (!reasoning) return undefined;
  const { budgetTokens, summary } = reasoning;
  const effort = reasoning.effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  // Who asks for thinking by budget (Anthropic, Gemini) expects to see it.
  const shown = summary ?? (budgetTokens || reasoning.adaptive ? "auto" : undefined);
  if (effort === undefined && shown === undefined) return undefined;
  return { ...(effort !== undefined && { effort }), ...(shown !== undefined && { summary: shown }) };
}

function writeText(format: OutputFormat | undefined, verbosity: string | undefined): JsonObject | undefined {
  if (!format && verbosity === undefined) return undefined;
  return {
    ...(format && { format: writeFormat(format) }),
    ...(verbosity !== undefined && { verbosity }),
  };
}

function writeFormat(format: OutputFormat): JsonObject {
  if (format.kind === "json") return { type: "json_object" };
  const { name, description, schema, strict } = format;
  return {
    type: "json_schema",
    // OpenAI asks for a name.
    name: name ?? "answer",
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

function noteUnsaid({ stop, sampling, tools }: Conversation, note: Note): void {
  const missing = (field: string) =>
    note({ field, reason: `The responses endpoint has no ${field}.`, weight: "matters" });
  if (stop.length > 0) missing("stop");
  if (sampling.topK !== undefined) missing("top_k");
  // Zero is what happens anyway.
  if (sampling.frequencyPenalty) missing("frequency_penalty");
  if (sampling.presencePenalty) missing("presence_penalty");
  if (sampling.seed !== undefined) missing("seed");
  if (sampling.choices !== undefined && sampling.choices > 1) missing("n");
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) missing("logit_bias");
  tools.forEach(({ cache }, at) => {
    if (!cache) return;
    note({
      field: `tools[${at}].cache_control`,
      reason: "The provider caches by itself, without marks.",
      weight: "hint",
    });
  });
}
