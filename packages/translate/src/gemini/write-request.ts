/** Writes a request of generateContent (Gemini API reference, "Generating content"; Vertex AI, "GenerateContent"). */
import type { JsonObject } from "@sluice/wire";
import type { Conversation, OutputFormat, Tool, ToolChoice } from "../conversation.ts";
import type { Note } from "../format.ts";
import { writeThinking } from "./thinking.ts";
import { writeTurns } from "./write-contents.ts";

/**
 * Writes the body. The model and whether to stream stand in the URL: `models/<model>:generateContent`, or
 * `:streamGenerateContent?alt=sse`.
 */
export function writeRequest(conversation: Conversation, note: Note): JsonObject {
  const { tools, toolChoice } = conversation;
  const { contents, systemInstruction } = writeTurns(conversation, note);
  const generationConfig = writeGenerationConfig(conversation, note);
  const serviceTier = writeServiceTier(conversation.serviceTier, note);
  if (conversation.userId !== undefined) {
    note({ field: "user", reason: "Gemini takes no name of an end user.", weight: "hint" });
  }
  if (conversation.parallelToolCalls === false && tools.length > 0) {
    const reason = "Gemini cannot be told to call one function at a time.";
    note({ field: "parallel_tool_calls", reason, weight: "matters" });
  }
  return {
    ...(systemInstruction && { systemInstruction }),
    contents,
    ...(tools.length > 0 && {
      tools: [{ functionDeclarations: tools.map((tool, at) => writeTool(tool, `tools[${at}]`, note)) }],
    }),
    ...(tools.length > 0 && toolChoice && { toolConfig: { functionCallingConfig: writeChoice(toolChoice) } }),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}

function writeGenerationConfig(conversation: Conversation, note: Note): JsonObject {
  const { sampling, outputFormat, stop } = conversation;
  if (sampling.logitBias && Object.keys(sampling.logitBias).length > 0) {
    note({ field: "logit_bias", reason: "Gemini cannot weigh single tokens.", weight: "matters" });
  }
  if (sampling.logprobs || sampling.topLogprobs !== undefined) {
    const reason = "Log probabilities are not translated: the two formats cut text into other pieces.";
    note({ field: "logprobs", reason, weight: "matters" });
  }
  if (sampling.choices !== undefined && sampling.choices > 1) {
    note({ field: "n", reason: "A translated answer holds one choice.", weight: "matters" });
  }
  const config: JsonObject = {
    temperature: sampling.temperature,
    topP: sampling.topP,
    topK: sampling.topK,
    frequencyPenalty: sampling.frequencyPenalty,
    presencePenalty: sampling.presencePenalty,
    seed: sampling.seed,
    maxOutputTokens: conversation.maxOutputTokens,
    stopSequences: stop.length > 0 ? stop : undefined,
    ...writeOutputFormat(outputFormat),
    thinkingConfig: writeThinking(conversation, note),
  };
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** Standard JSON Schema, which both APIs take in this field. What they do not know of it they pass over. */
function writeOutputFormat(format: OutputFormat | undefined): JsonObject {
  if (!format) return {};
  const responseMimeType = "application/json";
  if (format.kind === "json") return { responseMimeType };
  const { name, description, schema } = format;
  // The schema's own words come first; the caller's name and description have no other place.
  const responseJsonSchema = {
    ...(name !== undefined && { title: name }),
    ...(description !== undefined && { description }),
    ...schema,
  };
  return { responseMimeType, responseJsonSchema };
}

function writeTool(tool: Tool, path: string, note: Note): JsonObject {
  const { name, description, parameters } = tool;
  if (tool.strict) {
    const reason = "Gemini has no strict tools; arguments follow the schema as a rule.";
    note({ field: `${path}.strict`, reason, weight: "hint" });
  }
  if (tool.cache) {
    const reason = "Gemini caches prompts on its own; marks for the cache say nothing to it.";
    note({ field: `${path}.cache_control`, reason, weight: "hint" });
  }
  return {
    name,
    ...(description !== undefined && { description }),
    // Standard JSON Schema; `parameters` takes a dialect of OpenAPI's and refuses what it does not know.
    parametersJsonSchema: parameters,
  };
}

function writeChoice(choice: ToolChoice): JsonObject {
  switch (choice.kind) {
    case "auto":
      return { mode: "AUTO" };
    case "none":
      return { mode: "NONE" };
    case "required":
      return { mode: "ANY" };
    case "tool":
    default:
      return { mode: "ANY", allowedFunctionNames: [choice.name] };
  }
}

/** Gemini's words are OpenAI's but for the ordinary tier, which is what it does without a word. */
function writeServiceTier(tier: string | undefined, note: Note): string | undefined {
  if (tier === undefined || tier === "auto" || tier === "default" || tier === "standard") return undefined;
  if (tier === "flex" || tier === "priority") return tier;
  note({ field: "service_tier", reason: `Gemini has no service tier ${tier}.`, weight: "hint" });
  return undefined;
}
