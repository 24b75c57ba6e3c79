/** Writes a Converse request (Amazon Bedrock API reference, "Converse"). Model and streaming stand in its path. */
import type { JsonObject } from "@sluice/wire";
import type { Conversation } from "../conversation.ts";
import type { Note } from "../format.ts";
import { modelFamily } from "./model-family.ts";
import { writeThinking } from "./thinking.ts";
import { createContentWriter } from "./write-content.ts";
import { writeTurns } from "./write-messages.ts";
import { writeSampling } from "./write-sampling.ts";
import { writeTools } from "./write-tools.ts";

/** Bedrock asks for a name of the schema; any will do. */
const SCHEMA_NAME = "answer";

/** What Bedrock takes as a value of `requestMetadata`. */
const METADATA_VALUE = /^[a-zA-Z0-9\s:_@$#=/+,\-.]{1,256}$/;

/** Bedrock's tiers by the words of others. `auto` is to leave it to the account. */
const TIERS = new Map([
  ["default", "default"],
  ["standard", "default"],
  ["standard_only", "default"],
  ["flex", "flex"],
  ["priority", "priority"],
  ["reserved", "reserved"],
]);

/** Writes the request. */
export function writeRequest(conversation: Conversation, note: Note): JsonObject {
  const family = modelFamily(conversation.model);
  const writer = createContentWriter(family, note);
  const { system, messages } = writeTurns(conversation.turns, writer, note);
  const tools = writeTools(conversation, family, writer, note);
  const thinking = writeThinking(conversation, family, messages, note);
  const sampling = writeSampling(conversation, family, thinking, note);
  const additional = { ...sampling.additional, ...thinking.additional, ...tools.additional };
  const outputConfig = {
    ...writeOutputFormat(conversation, note),
    ...(thinking.effort !== undefined && { effort: thinking.effort }),
  };
  return nonEmpty({
    messages,
    system,
    inferenceConfig: sampling.inferenceConfig,
    toolConfig: tools.toolConfig ?? {},
    outputConfig,
    additionalModelRequestFields: additional,
    // Claude alone tells which of the sequences it was; in a stream the field is inside its delta.
    additionalModelResponseFieldPaths:
      family === "claude" && conversation.stop.length > 0 ? ["/stop_sequence", "/delta/stop_sequence"] : [],
    requestMetadata: writeUser(conversation.userId, note),
    serviceTier: writeTier(conversation.serviceTier, note),
  });
}

function writeOutputFormat({ outputFormat }: Conversation, note: Note): JsonObject {
  if (!outputFormat) return {};
  if (outputFormat.kind === "json") {
    const reason = "Bedrock's Converse takes JSON with a schema only.";
    note({ field: "response_format", reason, weight: "matters" });
    return {};
  }
  const { name = SCHEMA_NAME, description, schema } = outputFormat;
  const jsonSchema = {
    name,
    schema: JSON.stringify(schema),
    ...(description !== undefined && { description }),
  };
  return { textFormat: { type: "json_schema", structure: { jsonSchema } } };
}

/** The end user, in the metadata of the account's own invocation logs. */
function writeUser(userId: string | undefined, note: Note): JsonObject {
  if (userId === undefined) return {};
  if (METADATA_VALUE.test(userId)) return { user_id: userId };
  const reason = "Bedrock's metadata takes 256 characters at most, and not all kinds of them.";
  note({ field: "user", reason, weight: "hint" });
  return {};
}

function writeTier(tier: string | undefined, note: Note): JsonObject {
  if (tier === undefined || tier === "auto") return {};
  const type = TIERS.get(tier);
  if (type !== undefined) return { type };
  note({ field: "service_tier", reason: `Bedrock has no service tier ${tier}.`, weight: "hint" });
  return {};
}

function nonEmpty(members: Readonly<Record<string, object>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => Object.keys(value).length > 0));
}
