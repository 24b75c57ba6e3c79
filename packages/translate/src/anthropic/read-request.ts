/** Reads a messages request (Anthropic API, "Create a Message"). */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Conversation, OutputFormat, ReasoningSettings, Sampling, Turn } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readContent } from "./read-content.ts";
import { readToolChoice, readTools } from "./read-tools.ts";

/** Fields that are read, or that only say how the call is carried. */
const READ_FIELDS = new Set([
  "model",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "max_tokens",
  "stop_sequences",
  "temperature",
  "top_p",
  "top_k",
  "thinking",
  "output_config",
  "output_format",
  "stream",
  "metadata",
  "service_tier",
  "anthropic_version",
  "trace",
]);

/**
 * Fields that change what a call costs or how it is kept, but not what the model says. `context_management` lets the provider
 * forget old tool results when a conversation grows too long: without it the model sees more, not less.
 */
const HINTS = new Set([
  "context_management",
  "cache_control",
  "speed",
  "diagnostics",
  "billing_policy",
  "fallback_credit_token",
  "user_profile_id",
  "workspace_id",
  "betas",
  "anthropic_beta",
]);

/** Reads the body. Throws `MalformedRequestError`. */
export function readRequest(body: JsonObject, note: Note): Conversation {
  const model = asText(body["model"]);
  if (model === undefined) throw new MalformedRequestError("model", "model has to name a model.");
  noteOtherFields(body, note);
  const maxOutputTokens = numberIn(body, "max_tokens");
  const reasoning = readReasoning(body, note);
  const outputFormat = readOutputFormat(body, note);
  const userId = readUserId(body, note);
  const serviceTier = asText(body["service_tier"]);
  return {
    model,
    turns: [...readSystem(body, note), ...readMessages(body, note)],
    tools: readTools(body, note),
    ...readToolChoice(body),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    stop: asList(body["stop_sequences"]).flatMap((text) => (typeof text === "string" ? [text] : [])),
    sampling: readSampling(body),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    stream: body["stream"] === true,
    streamUsage: true,
    ...(userId !== undefined && { userId }),
    ...(serviceTier !== undefined && {
      serviceTier: serviceTier === "standard_only" ? "default" : serviceTier,
    }),
  };
}

function noteOtherFields(body: JsonObject, note: Note): void {
  for (const [field, value] of Object.entries(body)) {
    if (READ_FIELDS.has(field) || value === null || value === undefined) continue;
    const weight = HINTS.has(field) ? "hint" : "matters";
    note({ field, reason: `Only Anthropic's messages have ${field}.`, weight });
  }
}

function readSystem(body: JsonObject, note: Note): readonly Turn[] {
  const system = body["system"];
  if (system === undefined || system === null) return [];
  const parts = readContent(system, "system", note);
  return parts.length > 0 ? [{ role: "system", parts }] : [];
}

function readMessages(body: JsonObject, note: Note): readonly Turn[] {
  const messages = body["messages"];
  if (!Array.isArray(messages)) {
    throw new MalformedRequestError("messages", "messages has to be a list of messages.");
  }
  return messages.map((item, at): Turn => {
    const path = `messages[${at}]`;
    const message = asObject(item);
    const role = message?.["role"];
    if (role !== "user" && role !== "assistant" && role !== "system") {
      throw new MalformedRequestError(`${path}.role`, `${path}.role has to be user, assistant or system.`);
    }
    return { role, parts: readContent(message?.["content"], `${path}.content`, note) };
  });
}

function readSampling(body: JsonObject): Sampling {
  const temperature = numberIn(body, "temperature");
  const topP = numberIn(body, "top_p");
  const topK = numberIn(body, "top_k");
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
  };
}

function numberIn(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  throw new MalformedRequestError(field, `${field} has to be a number.`);
}

/** `thinking` says whether, `output_config.effort` how much. */
function readReasoning(body: JsonObject, note: Note): ReasoningSettings | undefined {
  const thinking = asObject(body["thinking"]);
  const effort = readEffort(asObject(body["output_config"])?.["effort"], note);
  const budget = thinking?.["budget_tokens"];
  const display = asText(thinking?.["display"]);
  const type = thinking?.["type"];
  if (type === "between_tools") {
    const reason = "Only Anthropic thinks between tools alone; how much to think is left to the model.";
    note({ field: "thinking.type", reason, weight: "hint" });
  }
  const settings = {
    ...(effort !== undefined && { effort }),
    ...(type === "enabled" && typeof budget === "number" && { budgetTokens: budget }),
    ...(type === "disabled" && { budgetTokens: 0 }),
    ...(type === "adaptive" && { adaptive: true }),
    ...(display !== undefined && { summary: display }),
  };
  return Object.keys(settings).length > 0 ? settings : undefined;
}

/** `max` is above every word that others have. */
function readEffort(value: unknown, note: Note): string | undefined {
  const effort = asText(value);
  if (effort !== "max") return effort;
  const reason = "The effort max is sent as xhigh, the highest that other formats have.";
  note({ field: "output_config.effort", reason, weight: "hint" });
  return "xhigh";
}

function readOutputFormat(body: JsonObject, note: Note): OutputFormat | undefined {
  const config = asObject(body["output_config"]) ?? {};
  for (const [field, value] of Object.entries(config)) {
    if (field === "effort" || field === "format" || value === null) continue;
    note({ field: `output_config.${field}`, reason: `Only Anthropic has ${field}.`, weight: "matters" });
  }
  // `output_format` is what the field was called in the beta.
  const format = asObject(config["format"]) ?? asObject(body["output_format"]);
  const schema = asObject(format?.["schema"]);
  if (!format) return undefined;
  if (format["type"] === "json_schema" && schema) return { kind: "json_schema", schema };
  throw new MalformedRequestError(
    "output_config.format",
    "output_config.format has to be a json_schema with a schema.",
  );
}

function readUserId(body: JsonObject, note: Note): string | undefined {
  const { user_id, ...others } = asObject(body["metadata"]) ?? {};
  for (const field of Object.keys(others)) {
    note({ field: `metadata.${field}`, reason: "Only its user_id is passed on.", weight: "hint" });
  }
  return asText(user_id);
}
