/** Reads a request of the responses endpoint (OpenAI API reference, "Create a model response"). */
import { asCount, asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Conversation, OpenAiSettings, OutputFormat, ReasoningSettings, Turn } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readItems } from "./read-items.ts";
import { readTools } from "./read-tools.ts";

/** Fields that are read. All others are noted. */
const READ_FIELDS = new Set([
  "model",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "reasoning",
  "text",
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "service_tier",
  "metadata",
  "store",
  "prompt_cache_key",
  "prompt_cache_retention",
  "include",
]);

/** Fields that change nothing in the answer of a provider that keeps no responses and runs no tools. */
const HINTS = new Set(["truncation", "max_tool_calls"]);

/** Why what OpenAI keeps cannot be had from another provider, and what to do instead. */
const KEPT = "The provider keeps nothing between calls: send the whole conversation as input.";
const REASONS: Readonly<Record<string, string>> = {
  previous_response_id: KEPT,
  conversation: KEPT,
  prompt: "Only OpenAI has the prompt: send its text as instructions.",
  background: "The provider cannot answer later: leave background out, or stream.",
};

/** Values that say what happens anyway. */
const DEFAULTS: Readonly<Record<string, unknown>> = { truncation: "disabled", background: false };

/** What `include` asks for that a translated answer has, or that concerns tools which it cannot have. */
const LOGPROBS = "message.output_text.logprobs";

/** Reads the body. Throws `MalformedRequestError`. */
export function readRequest(body: JsonObject, note: Note): Conversation {
  const { tools, toolChoice } = readTools(body, note);
  const parallel = asBoolean(body["parallel_tool_calls"]);
  const max = asCount(body["max_output_tokens"]);
  const reasoning = readReasoningSettings(asObject(body["reasoning"]), note);
  const outputFormat = readOutputFormat(asObject(body["text"])?.["format"]);
  const userId = asText(body["user"]);
  const serviceTier = asText(body["service_tier"]);
  const openAi = readOpenAiSettings(body);
  noteUnread(body, note);
  return {
    model: asText(body["model"]) ?? "",
    turns: [...readInstructions(body["instructions"], note), ...readItems(body["input"], note)],
    tools,
    ...(toolChoice && { toolChoice }),
    ...(parallel !== undefined && { parallelToolCalls: parallel }),
    ...(max !== undefined && { maxOutputTokens: max }),
    stop: [],
    sampling: readSampling(body),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    stream: body["stream"] === true,
    // The last event of a responses stream always has the usage.
    streamUsage: true,
    ...(userId !== undefined && { userId }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(openAi && { openAi }),
  };
}

/** Instructions stand above the input: a text, or items. */
function readInstructions(instructions: unknown, note: Note): readonly Turn[] {
  if (typeof instructions !== "string") return readItems(instructions, note);
  return instructions === "" ? [] : [{ role: "system", parts: [{ kind: "text", text: instructions }] }];
}

function readSampling(body: JsonObject): Conversation["sampling"] {
  const temperature = asNumber(body["temperature"]);
  const topP = asNumber(body["top_p"]);
  const topLogprobs = asCount(body["top_logprobs"]) || undefined;
  const logprobs = topLogprobs !== undefined || asList(body["include"]).includes(LOGPROBS);
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(logprobs && { logprobs }),
    ...(topLogprobs !== undefined && { topLogprobs }),
  };
}

function readReasoningSettings(settings: JsonObject | undefined, note: Note): ReasoningSettings | undefined {
  if (!settings) return undefined;
  const { effort: word, summary: shown, generate_summary: former, ...unread } = settings;
  for (const [field, value] of Object.entries(unread)) {
    if (value === null || value === undefined) continue;
    note({ field: `reasoning.${field}`, reason: "Only OpenAI's models know this setting.", weight: "hint" });
  }
  const effort = asText(word);
  const summary = asText(shown) ?? asText(former);
  if (effort === undefined && summary === undefined) return undefined;
  return { ...(effort !== undefined && { effort }), ...(summary !== undefined && { summary }) };
}

function readOutputFormat(value: unknown): OutputFormat | undefined {
  const format = asObject(value);
  if (!format || format["type"] === "text") return undefined;
  if (format["type"] === "json_object") return { kind: "json" };
  const schema = asObject(format["schema"]);
  if (format["type"] !== "json_schema" || !schema) {
    throw new MalformedRequestError(
      "text.format",
      "text.format has to be of type text, json_object, or json_schema with a schema.",
    );
  }
  const name = asText(format["name"]);
  const description = asText(format["description"]);
  const strict = asBoolean(format["strict"]);
  return {
    kind: "json_schema",
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    schema,
    ...(strict !== undefined && { strict }),
  };
}

function readOpenAiSettings(body: JsonObject): OpenAiSettings | undefined {
  const verbosity = asText(asObject(body["text"])?.["verbosity"]);
  const metadata = asObject(body["metadata"]);
  const store = asBoolean(body["store"]);
  const promptCacheKey = asText(body["prompt_cache_key"]);
  const promptCacheRetention = asText(body["prompt_cache_retention"]);
  const safetyIdentifier = asText(body["safety_identifier"]);
  const settings = {
    ...(verbosity !== undefined && { verbosity }),
    ...(metadata && Object.keys(metadata).length > 0 && { metadata }),
    ...(store !== undefined && { store }),
    ...(promptCacheKey !== undefined && { promptCacheKey }),
    ...(promptCacheRetention !== undefined && { promptCacheRetention }),
    ...(safetyIdentifier !== undefined && { safetyIdentifier }),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

function noteUnread(body: JsonObject, note: Note): void {
  for (const [field, value] of Object.entries(body)) {
    if (READ_FIELDS.has(field) || value === null || value === undefined || value === DEFAULTS[field])
      continue;
    note({
      field,
      reason: REASONS[field] ?? `The provider's format has no equal of ${field}.`,
      weight: HINTS.has(field) ? "hint" : "matters",
    });
  }
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function asBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}
