/** Reads a Converse request (Amazon Bedrock API reference, "Converse"). */
import { asCount, asList, asObject, asText, type JsonObject, parseJson } from "@sluice/wire";
import type { Conversation, OutputFormat, Sampling, Tool, ToolChoice, Turn } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { readCachePoint, readContent } from "./read-content.ts";
import { readThinking } from "./thinking.ts";

const READ_FIELDS = new Set([
  "modelId",
  "messages",
  "system",
  "inferenceConfig",
  "toolConfig",
  "outputConfig",
  "additionalModelRequestFields",
  "requestMetadata",
  "serviceTier",
]);

/** Fields that change nothing in the answer's content. */
const HINTS = new Set(["performanceConfig", "additionalModelResponseFieldPaths"]);

/** Every answer tells the stop sequence, so that asking for it says nothing more. */
const asksForStopSequence = ([field, value]: readonly [string, unknown]) =>
  field === "additionalModelResponseFieldPaths" &&
  asList(value).every((path) => typeof path === "string" && path.endsWith("/stop_sequence"));

/** Fields for the model alone that have a place in a conversation. */
const READ_ADDITIONAL = new Set([
  "thinking",
  "reasoningConfig",
  "reasoning_config",
  "reasoning_effort",
  "top_k",
  "k",
  "inferenceConfig",
  "tool_choice",
]);

/**
 * Reads the body. The model and whether the answer streams stand in the path: the body names the model in `modelId` at most,
 * as the SDKs' commands do. Throws `MalformedRequestError`.
 */
export function readRequest(body: JsonObject, note: Note): Conversation {
  noteUnread(body, note);
  const additional = asObject(body["additionalModelRequestFields"]) ?? {};
  const outputConfig = asObject(body["outputConfig"]) ?? {};
  const inference = asObject(body["inferenceConfig"]) ?? {};
  const toolConfig = asObject(body["toolConfig"]) ?? {};
  const ownChoice = asObject(additional["tool_choice"]) ?? {};
  const maxOutputTokens = asCount(inference["maxTokens"]);
  const reasoning = readThinking(additional, outputConfig);
  const outputFormat = readOutputFormat(outputConfig);
  const toolChoice =
    ownChoice["type"] === "none" ? ({ kind: "none" } as const) : readChoice(toolConfig["toolChoice"]);
  const oneByOne = ownChoice["disable_parallel_tool_use"];
  const userId = asText(asObject(body["requestMetadata"])?.["user_id"]);
  const serviceTier = asText(asObject(body["serviceTier"])?.["type"]);
  return {
    model: asText(body["modelId"]) ?? "",
    turns: [...readSystem(body["system"], note), ...readMessages(body["messages"], note)],
    tools: readTools(toolConfig["tools"], note),
    ...(toolChoice && { toolChoice }),
    ...(typeof oneByOne === "boolean" && { parallelToolCalls: !oneByOne }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    stop: asList(inference["stopSequences"]).filter((text) => typeof text === "string"),
    sampling: readSampling(inference, additional),
    ...(reasoning && { reasoning }),
    ...(outputFormat && { outputFormat }),
    stream: false,
    streamUsage: true,
    ...(userId !== undefined && { userId }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}

function noteUnread(body: JsonObject, note: Note): void {
  const additional = Object.keys(asObject(body["additionalModelRequestFields"]) ?? {});
  const metadata = Object.keys(asObject(body["requestMetadata"]) ?? {});
  const fields = Object.entries(body)
    .filter((entry) => entry[1] !== null && !READ_FIELDS.has(entry[0]) && !asksForStopSequence(entry))
    .map(([field]) => field);
  const reason = "Only Bedrock, or one of its models, has this field.";
  for (const field of fields) note({ field, reason, weight: HINTS.has(field) ? "hint" : "matters" });
  for (const field of additional.filter((name) => !READ_ADDITIONAL.has(name))) {
    note({ field: `additionalModelRequestFields.${field}`, reason, weight: "matters" });
  }
  for (const field of metadata.filter((name) => name !== "user_id")) {
    note({ field: `requestMetadata.${field}`, reason, weight: "hint" });
  }
}

function readSystem(system: unknown, note: Note): readonly Turn[] {
  if (system === undefined || system === null) return [];
  const parts = readContent(system, "system", note);
  return parts.length > 0 ? [{ role: "system", parts }] : [];
}

function readMessages(messages: unknown, note: Note): readonly Turn[] {
  if (!Array.isArray(messages)) {
    throw new MalformedRequestError("messages", "messages has to be a list of messages.");
  }
  return asList(messages).map((item, at) => {
    const path = `messages[${at}]`;
    const message = asObject(item);
    const role = message?.["role"];
    if (!message || (role !== "user" && role !== "assistant" && role !== "system")) {
      throw new MalformedRequestError(`${path}.role`, `${path}.role has to be user or assistant.`);
    }
    return { role, parts: readContent(message["content"], `${path}.content`, note) };
  });
}

function readTools(tools: unknown, note: Note): readonly Tool[] {
  const read: Tool[] = [];
  asList(tools).forEach((item, at) => {
    const path = `toolConfig.tools[${at}]`;
    const tool = asObject(item) ?? {};
    const point = asObject(tool["cachePoint"]);
    const last = read.at(-1);
    if (point && last) read[read.length - 1] = { ...last, ...readCachePoint(point) };
    if (point) return;
    const spec = asObject(tool["toolSpec"]);
    if (spec) read.push(readTool(spec, `${path}.toolSpec`));
    else note({ field: path, reason: "Only Bedrock has tools of its own like this.", weight: "matters" });
  });
  return read;
}

function readTool(spec: JsonObject, path: string): Tool {
  const name = asText(spec["name"]);
  if (name === undefined)
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the tool.`);
  const description = asText(spec["description"]);
  const strict = spec["strict"];
  return {
    name,
    ...(description !== undefined && { description }),
    parameters: asObject(asObject(spec["inputSchema"])?.["json"]) ?? { type: "object", properties: {} },
    ...(typeof strict === "boolean" && { strict }),
  };
}

function readChoice(choice: unknown): ToolChoice | undefined {
  const object = asObject(choice);
  const name = asText(asObject(object?.["tool"])?.["name"]);
  if (name !== undefined) return { kind: "tool", name };
  if (object?.["any"]) return { kind: "required" };
  return object?.["auto"] ? { kind: "auto" } : undefined;
}

function readSampling(inference: JsonObject, additional: JsonObject): Sampling {
  const temperature = inference["temperature"];
  const topP = inference["topP"];
  const topK = additional["top_k"] ?? additional["k"] ?? asObject(additional["inferenceConfig"])?.["topK"];
  return {
    ...(typeof temperature === "number" && { temperature }),
    ...(typeof topP === "number" && { topP }),
    ...(typeof topK === "number" && { topK }),
  };
}

function readOutputFormat(outputConfig: JsonObject): OutputFormat | undefined {
  const definition = asObject(asObject(asObject(outputConfig["textFormat"])?.["structure"])?.["jsonSchema"]);
  const schema = asObject(parseJson(asText(definition?.["schema"]) ?? ""));
  if (!schema) return undefined;
  const name = asText(definition?.["name"]);
  const description = asText(definition?.["description"]);
  return {
    kind: "json_schema",
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    schema,
  };
}
