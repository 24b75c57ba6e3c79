/** Reads a request of generateContent (Gemini API reference, "Generating content"). */
import { asCount, asList, asObject, asText, inCamelCase, type JsonObject, member } from "@sluice/wire";
import type { Conversation, OutputFormat, Sampling } from "../conversation.ts";
import type { Note } from "../format.ts";
import { readTurns } from "./read-contents.ts";
import { readTools } from "./read-tools.ts";
import { toJsonSchema } from "./schema-dialect.ts";
import { readThinking } from "./thinking.ts";
import { readServiceTier } from "./usage.ts";

/** Fields that are read. All others are noted. */
const READ_FIELDS = new Set([
  "model",
  "contents",
  "systemInstruction",
  "tools",
  "toolConfig",
  "generationConfig",
  "serviceTier",
  // Not of the API: the gateway's own mark of a stream, which the API has in its URL.
  "stream",
]);

const READ_SETTINGS = new Set([
  "temperature",
  "topP",
  "topK",
  "frequencyPenalty",
  "presencePenalty",
  "seed",
  "candidateCount",
  "responseLogprobs",
  "logprobs",
  "maxOutputTokens",
  "stopSequences",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "thinkingConfig",
  "responseModalities",
]);

/** Fields that change nothing in an answer of another provider's. */
const HINTS = new Set(["safetySettings", "labels", "modelArmorConfig"]);

/** Reads the body. Its model and whether it streams stand in the URL: the pairing knows both. Throws `MalformedRequestError`. */
export function readRequest(body: JsonObject, note: Note): Conversation {
  const config = asObject(member(body, "generationConfig")) ?? {};
  const turns = readTurns(body, note);
  const { tools, toolChoice } = readTools(body, note);
  const outputFormat = readOutputFormat(config, note);
  const reasoning = readThinking(member(config, "thinkingConfig"));
  const max = asCount(member(config, "maxOutputTokens"));
  const serviceTier = asText(member(body, "serviceTier"));
  noteUnread(body, READ_FIELDS, "", note);
  noteUnread(config, READ_SETTINGS, "generationConfig.", note);
  noteModalities(config, note);
  return {
    model: (asText(body["model"]) ?? "").replace(/^models\//, ""),
    turns,
    tools,
    ...(toolChoice && { toolChoice }),
    ...(max !== undefined && { maxOutputTokens: max }),
    stop: asList(member(config, "stopSequences")).filter((text) => typeof text === "string"),
    sampling: readSampling(config),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    stream: body["stream"] === true,
    // Every stream of Gemini's tells its usage.
    streamUsage: true,
    ...(serviceTier !== undefined && { serviceTier: readServiceTier(serviceTier) }),
  };
}

function readSampling(config: JsonObject): Sampling {
  const number = (name: string) => {
    const value = member(config, name);
    return typeof value === "number" ? value : undefined;
  };
  const temperature = number("temperature");
  const topP = number("topP");
  const topK = number("topK");
  const frequencyPenalty = number("frequencyPenalty");
  const presencePenalty = number("presencePenalty");
  const seed = number("seed");
  const choices = number("candidateCount");
  const topLogprobs = number("logprobs");
  const logprobs = member(config, "responseLogprobs");
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(seed !== undefined && { seed }),
    ...(choices !== undefined && { choices }),
    ...(typeof logprobs === "boolean" && { logprobs }),
    ...(topLogprobs !== undefined && { topLogprobs }),
  };
}

function readOutputFormat(config: JsonObject, note: Note): OutputFormat | undefined {
  const type = asText(member(config, "responseMimeType"));
  if (type === undefined || type === "text/plain") return undefined;
  if (type !== "application/json") {
    const reason = `No other format answers in ${type}.`;
    note({ field: "generationConfig.responseMimeType", reason, weight: "matters" });
    return undefined;
  }
  const standard = asObject(member(config, "responseJsonSchema"));
  const dialect = asObject(member(config, "responseSchema"));
  const schema = standard ?? (dialect && toJsonSchema(dialect));
  return schema ? { kind: "json_schema", schema } : { kind: "json" };
}

function noteUnread(fields: JsonObject, read: ReadonlySet<string>, prefix: string, note: Note): void {
  for (const [field, value] of Object.entries(fields)) {
    const name = inCamelCase(field);
    if (read.has(name) || value === null || value === undefined) continue;
    note({
      field: `${prefix}${field}`,
      reason: `The provider's format has no equal of ${name}.`,
      weight: HINTS.has(name) ? "hint" : "matters",
    });
  }
}

function noteModalities(config: JsonObject, note: Note): void {
  const others = asList(member(config, "responseModalities")).filter((each) => each !== "TEXT");
  if (others.length === 0) return;
  const reason = "Answers in other formats are text.";
  note({ field: "generationConfig.responseModalities", reason, weight: "matters" });
}
