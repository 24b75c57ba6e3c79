/** Puts a message together, from the events of its stream or from the whole object. */
import type { AnswerError, AssembledAnswer, Choice, ToolCall } from "../assembled.ts";
import { asCount, asList, asObject, asText, type JsonObject } from "../json-value.ts";
import { blockForDelta, type ContentBlockFold, createContentBlockFold } from "./content-block.ts";
import { mergeMessagesUsage, readBilledCalls, readMessagesUsage } from "./usage.ts";

/** Collects one message. */
export interface MessageFold {
  /** Adds the message of a JSON body, or of `message_start`. */
  addMessage(message: JsonObject): void;
  startBlock(index: number | undefined, block: JsonObject): void;
  /** False when the delta's type is unknown; it is kept all the same. */
  addDelta(index: number | undefined, delta: JsonObject): boolean;
  /** Adds `message_delta`: why it stopped, the usage by now, and what else stands beside them. */
  addMessageDelta(event: JsonObject): void;
  fail(error: AnswerError): void;
  /** Whether anything of a message came. */
  hasBegun(): boolean;
  /** Whether the provider said why it stopped. */
  isFinished(): boolean;
  result(): AssembledAnswer;
}

/** Fields of a message that have a place of their own; all others go to `other`. */
const READ_FIELDS = new Set(["type", "id", "model", "role", "content", "usage", "stop_reason"]);
/** Blocks that have a place of their own in `Choice`; all others are parts. */
const READ_BLOCKS = new Set<unknown>(["text", "thinking", "redacted_thinking", "tool_use"]);

/** A collector for one message. */
export function createMessageFold(): MessageFold {
  const blocks: ContentBlockFold[] = [];
  const byIndex = new Map<number, ContentBlockFold>();
  const other: Record<string, unknown> = {};
  let began = false;
  let id: string | undefined;
  let model: string | undefined;
  let servedBy: string | undefined;
  let role: string | undefined;
  let stopReason: string | undefined;
  let rawUsage: JsonObject | undefined;
  let usageIsFinal = false;
  let error: AnswerError | undefined;

  const keep = (fields: JsonObject) => {
    for (const [field, value] of Object.entries(fields)) {
      if (value === null || value === undefined || READ_FIELDS.has(field)) continue;
      // Object.defineProperty, because a field may be called `__proto__`.
      Object.defineProperty(other, field, { value, enumerable: true, configurable: true, writable: true });
    }
  };

  const addUsage = (value: unknown) => {
    const usage = asObject(value);
    if (usage) rawUsage = mergeMessagesUsage(rawUsage, usage);
    return usage !== undefined;
  };

  const startBlock = (index: number | undefined, block: JsonObject): ContentBlockFold => {
    began = true;
    const fold = createContentBlockFold(block);
    blocks.push(fold);
    byIndex.set(index ?? blocks.length - 1, fold);
    // After a model declined, the last of these blocks names the one that answers.
    if (block["type"] === "fallback") servedBy = asText(asObject(block["to"])?.["model"]) ?? servedBy;
    return fold;
  };

  return {
    addMessage(message) {
      began = true;
      id ??= asText(message["id"]);
      model ??= asText(message["model"]);
      role ??= asText(message["role"]);
      stopReason = asText(message["stop_reason"]) ?? stopReason;
      // The message that opens a stream is empty; a whole one tells its last counts.
      usageIsFinal = addUsage(message["usage"]) && asList(message["content"]).length > 0;
      keep(message);
      for (const block of asList(message["content"])) {
        startBlock(undefined, asObject(block) ?? { type: "text", text: String(block) });
      }
      // A few imitations of the format answer with a plain text.
      const text = asText(message["content"]);
      if (text !== undefined) startBlock(undefined, { type: "text", text });
    },
    startBlock,
    addDelta(index, delta) {
      const known = index === undefined ? blocks.at(-1) : byIndex.get(index);
      return (known ?? startBlock(index, blockForDelta(delta))).add(delta);
    },
    addMessageDelta(event) {
      began = true;
      const { type: _type, delta, usage, ...beside } = event;
      const told = asObject(delta) ?? {};
      stopReason = asText(told["stop_reason"]) ?? stopReason;
      usageIsFinal = addUsage(usage) || usageIsFinal;
      keep(told);
      keep(beside);
    },
    fail(reason) {
      error ??= reason;
    },
    hasBegun: () => began,
    isFinished: () => stopReason !== undefined,
    result() {
      const usage = rawUsage && readMessagesUsage(rawUsage);
      const billedCalls = rawUsage && readBilledCalls(rawUsage);
      const serviceTier = asText(rawUsage?.["service_tier"]);
      const answeredBy = servedBy ?? model;
      return {
        ...(id !== undefined && { id }),
        ...(answeredBy !== undefined && { model: answeredBy }),
        ...(serviceTier !== undefined && { serviceTier }),
        choices: began ? [choiceOf(blocks, role, stopReason, other)] : [],
        ...(usage && { usage }),
        ...(rawUsage && { rawUsage }),
        ...(usage && !usageIsFinal && stopReason === undefined && { usageOfStart: true }),
        ...(billedCalls && { billedCalls }),
        ...(error && { error }),
        warnings: [],
      };
    },
  };
}

function choiceOf(
  folds: readonly ContentBlockFold[],
  role: string | undefined,
  stopReason: string | undefined,
  other: JsonObject,
): Choice {
  const blocks = folds.map((fold) => fold.result());
  const joined = (type: string, field: string) =>
    blocks.map((block) => (block["type"] === type ? (asText(block[field]) ?? "") : "")).join("");
  const citations = blocks.flatMap((block) => asList(block["citations"]));
  return {
    index: 0,
    role: role ?? "assistant",
    text: joined("text", "text"),
    reasoning: joined("thinking", "thinking"),
    reasoningDetails: blocks.filter(({ type }) => type === "thinking" || type === "redacted_thinking"),
    toolCalls: folds.flatMap((fold) => toolCallOf(fold) ?? []),
    parts: blocks.filter(({ type }) => !READ_BLOCKS.has(type)),
    blocks,
    ...(stopReason !== undefined && { finishReason: stopReason }),
    logprobs: 0,
    other: citations.length > 0 ? { ...other, citations } : other,
  };
}

/** Only `tool_use` is a call of the caller's tools; `server_tool_use` and `mcp_tool_use` have run already. */
function toolCallOf(fold: ContentBlockFold): ToolCall | undefined {
  const block = fold.result();
  if (block["type"] !== "tool_use") return undefined;
  const id = asText(block["id"]);
  return {
    ...(id !== undefined && { id }),
    type: "function",
    name: asText(block["name"]) ?? "",
    arguments: fold.inputText(),
  };
}

/** The index of a block's event. */
export function blockIndex(event: JsonObject): number | undefined {
  return asCount(event["index"]);
}
