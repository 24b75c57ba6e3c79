/** Writes turns as the messages of a chat request. */
import type { JsonObject } from "@sluice/wire";
import type { Cacheable, Part, Reasoning, ToolCall, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ChatDialect } from "./dialect.ts";
import { formatName, needsDetails, writeDetails } from "./reasoning-details.ts";
import { writeCache, writeContent } from "./write-content.ts";

type ToolResult = Part & { readonly kind: "tool_result" };

/** Writes the turns; one with tool results becomes a message for each, and one for what else it says. */
export function writeMessages(
  turns: readonly Turn[],
  dialect: ChatDialect,
  note: Note,
): readonly JsonObject[] {
  return turns.flatMap((turn, at) => {
    const path = `messages[${at}]`;
    return turn.role === "assistant"
      ? writeAssistant(turn, dialect, path, note)
      : writeSpeaker(turn, dialect, path, note);
  });
}

function writeSpeaker(turn: Turn, dialect: ChatDialect, path: string, note: Note): readonly JsonObject[] {
  const results = turn.parts.filter((part) => part.kind === "tool_result");
  // Results must follow their calls at once, whatever else the turn says.
  const messages = results.map((result) => writeResult(result, dialect, path, note));
  const rest = [
    ...results.flatMap((result) => movedOut(result, path, note)),
    ...turn.parts.filter((part) => part.kind !== "tool_result"),
  ];
  const content = writeContent(rest, dialect, path, note);
  if (content === null && (results.length > 0 || turn.parts.length > 0)) return messages;
  const role = turn.role === "developer" && !dialect.openAi ? "system" : turn.role;
  return [...messages, { role, content: content ?? "", ...(turn.name !== undefined && { name: turn.name }) }];
}

function writeResult(result: ToolResult, dialect: ChatDialect, path: string, note: Note): JsonObject {
  if (result.isError) {
    note({
      field: `${path}.is_error`,
      reason: "Tool messages have no mark for errors; the text of the result stands.",
      weight: "hint",
    });
  }
  const texts = result.parts.filter(isText).map((part, at, all) => {
    // The mark of the whole result is that of its last part.
    const cache = at === all.length - 1 ? (part.cache ?? result.cache) : part.cache;
    return cache ? { ...part, cache } : part;
  });
  return {
    role: "tool",
    tool_call_id: result.callId,
    content: writeContent(texts, dialect, path, note) ?? "",
  };
}

/** Tool messages hold text only: images and files of a result follow in a user's message. */
function movedOut(result: ToolResult, path: string, note: Note): readonly Part[] {
  const others = result.parts.filter((part) => !isText(part));
  if (others.length === 0) return [];
  note({
    field: `${path}.content`,
    reason: "Tool messages hold text only; the result's images and files follow as a user's message.",
    weight: "hint",
  });
  return [{ kind: "text", text: `Content of the result of tool call ${result.callId}:` }, ...others];
}

function isText(part: Part): part is Part & { readonly kind: "text" } {
  return part.kind === "text";
}

function writeAssistant(turn: Turn, dialect: ChatDialect, path: string, note: Note): readonly JsonObject[] {
  const content = writeAssistantContent(turn.parts, dialect, path, note);
  const refusals = turn.parts.filter((part) => part.kind === "refusal");
  const calls = turn.parts.filter((part) => part.kind === "tool_call");
  const reasoning = turn.parts.filter((part) => part.kind === "reasoning");
  const thought = writeReasoning(reasoning, dialect, path, note);
  if (content === null && refusals.length + calls.length === 0) return [];
  const refusal = refusals.map(({ text }) => text).join("");
  return [
    {
      role: "assistant",
      content,
      ...(turn.name !== undefined && { name: turn.name }),
      ...(refusal !== "" && { refusal }),
      ...thought,
      ...(calls.length > 0 && {
        tool_calls: calls.map((call, at) => writeToolCall(call, dialect, `${path}.tool_calls[${at}]`, note)),
      }),
    },
  ];
}

/** What the model said is one text: its blocks join without a separator, as an answer's do. */
function writeAssistantContent(parts: readonly Part[], dialect: ChatDialect, path: string, note: Note) {
  parts.forEach((part, at) => {
    if (part.kind !== "image" && part.kind !== "file" && part.kind !== "audio") return;
    note({
      field: `${path}.content[${at}]`,
      reason: `Chat messages of the assistant hold text only, no ${part.kind}.`,
      weight: "matters",
    });
  });
  const texts = parts.filter(isText);
  if (texts.length === 0) return null;
  if (dialect.cacheControl && texts.some(({ cache }) => cache)) {
    return writeContent(texts, dialect, path, note);
  }
  for (const text of texts) writeCache(text, dialect, `${path}.content`, note);
  return texts.map(({ text }) => text).join("");
}

function writeToolCall(
  call: ToolCall & Cacheable,
  dialect: ChatDialect,
  path: string,
  note: Note,
): JsonObject {
  // Nobody takes the mark on a call.
  writeCache(call, { ...dialect, cacheControl: false }, path, note);
  const signed = call.signature !== undefined;
  if (signed && !dialect.thoughtSignature) {
    note({
      field: `${path}.extra_content.google.thought_signature`,
      reason: "Only Gemini reads its thought signatures.",
      weight: "hint",
    });
  }
  return {
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
    ...(signed &&
      dialect.thoughtSignature && {
        extra_content: { google: { thought_signature: call.signature } },
      }),
  };
}

/** Reasoning goes back where its provider reads it, and only there: others refuse the field, or a stranger's signature. */
function writeReasoning(
  blocks: readonly Reasoning[],
  dialect: ChatDialect,
  path: string,
  note: Note,
): JsonObject {
  const kept = blocks.filter((block) => isReadable(block, dialect));
  if (kept.length < blocks.length) {
    note({
      field: `${path}.reasoning`,
      reason: "The model's provider cannot read reasoning that another one made.",
      weight: "hint",
    });
  }
  const text = kept.map((block) => block.text).join("");
  const details = kept.some(needsDetails) ? kept.flatMap((block, at) => writeDetails(block, at)) : [];
  return {
    ...(text !== "" && { reasoning_content: text }),
    ...(details.length > 0 && { reasoning_details: details }),
  };
}

function isReadable(block: Reasoning, dialect: ChatDialect): boolean {
  return dialect.reasoningContent && dialect.reasoningFormats.includes(formatName(block.origin));
}
