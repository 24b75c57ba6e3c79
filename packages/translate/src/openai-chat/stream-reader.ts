/** Reads the chunks of a chat completion stream, as OpenAI and the many that speak its format send them. */
import {
  addToolCallDelta,
  asCount,
  asList,
  asObject,
  asText,
  findError,
  type JsonObject,
  type OpenToolCall,
  parseJson,
  readErrorBody,
} from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, Block, Citation } from "../answer.ts";
import type { StreamReader } from "../format.ts";
import { createBlockQueue } from "./block-queue.ts";
import { readAnnotations, readSearchResults } from "./citations.ts";
import { readStreamError } from "./error.ts";
import { readFinish } from "./finish.ts";
import { type Head, readHead } from "./head.ts";
import { thinkingText } from "./read-content.ts";
import { continues, joined, type ReasoningPiece, readDetail } from "./reasoning-details.ts";
import { readUrl } from "./source.ts";
import { readUsage } from "./usage.ts";

/** A reader that also takes a chunk that is parsed already. */
export interface ChatStreamReader extends StreamReader {
  readChunk(chunk: JsonObject): readonly AnswerEvent[];
}

/** The legacy `function_call` is a call without index or id; this index keeps its pieces together. */
const LEGACY_INDEX = Number.MAX_SAFE_INTEGER;

/**
 * A reader of one stream. Of several choices it reads the first. The stream is whole with `[DONE]`, or, from providers that
 * send none, with a reason to stop.
 */
export function createStreamReader(): ChatStreamReader {
  const queue = createBlockQueue();
  const calls: OpenToolCall[] = [];
  let head: Head = {};
  let started = false;
  let over = false;
  let reasoning: ReasoningPiece | undefined;
  let refused = false;
  let usage: AnswerUsage | undefined;
  let finishing: JsonObject | undefined;
  let searchResults: readonly Citation[] = [];

  function openKind(): Block["kind"] | undefined {
    return queue.last()?.opening().kind;
  }

  function addText(kind: "text" | "refusal", text: string): void {
    if (text === "") return;
    const block = openKind() === kind ? queue.last() : queue.add(() => ({ kind, text: "" }));
    block?.deltas.push({ kind: "text", text });
    if (kind === "refusal") refused = true;
  }

  function addReasoning(piece: ReasoningPiece): void {
    const { text, signature, encrypted, id, origin } = piece.block;
    const goesOn = openKind() === "reasoning" && reasoning && continues(reasoning, piece);
    const block = goesOn
      ? queue.last()
      : queue.add(() => ({
          kind: "reasoning",
          text: "",
          ...(id !== undefined && { id }),
          ...(origin !== undefined && { origin }),
        }));
    reasoning = goesOn && reasoning ? { ...piece, block: joined(reasoning.block, piece.block) } : piece;
    if (text !== "") block?.deltas.push({ kind: "text", text });
    if (signature !== undefined) block?.deltas.push({ kind: "signature", signature });
    if (encrypted !== undefined) block?.deltas.push({ kind: "encrypted", encrypted });
  }

  function addThought(message: JsonObject): void {
    const details = asList(message["reasoning_details"]).flatMap((item) => readDetail(item) ?? []);
    if (details.length > 0) {
      for (const piece of details) addReasoning(piece);
      return;
    }
    // Where both names are there they say the same.
    addPlainThought(asText(message["reasoning_content"]) ?? asText(message["reasoning"]) ?? "");
  }

  function addPlainThought(text: string): void {
    if (text === "") return;
    addReasoning({ index: undefined, block: { kind: "reasoning", text, origin: "openai-chat" } });
  }

  function addContent(content: unknown): void {
    if (typeof content === "string") addText("text", content);
    for (const item of asList(content)) {
      const part = asObject(item);
      if (typeof item === "string") addText("text", item);
      else if (part?.["type"] === "thinking") addPlainThought(thinkingText(part["thinking"]));
      else if (part?.["type"] === "refusal") addText("refusal", asText(part["refusal"]) ?? "");
      else if (part?.["type"] === "image_url") addImage(part);
      else if (typeof part?.["text"] === "string") addText("text", part["text"]);
    }
  }

  function addImage(part: JsonObject | undefined): void {
    const url = asText(part?.["image_url"]) ?? asText(asObject(part?.["image_url"])?.["url"]);
    if (url !== undefined) queue.add(() => ({ kind: "image", source: readUrl(url) }));
  }

  function addToolCall(entry: unknown): void {
    const known = calls.length;
    const added = addToolCallDelta(calls, entry);
    if (!added) return;
    const { call, piece } = added;
    const google = asObject(asObject(asObject(entry)?.["extra_content"])?.["google"]);
    const signature = asText(google?.["thought_signature"]);
    const isNew = calls.length > known;
    const block = isNew
      ? queue.add(() => ({ kind: "tool_call", id: call.id ?? "", name: call.name, arguments: "" }), call)
      : queue.find(call);
    // A call that has ended had all its arguments: what comes later repeats them.
    if (piece !== "") block?.deltas.push({ kind: "arguments", json: piece });
    if (signature !== undefined) block?.deltas.push({ kind: "signature", signature });
  }

  function addLegacyCall(functionCall: unknown): void {
    const call = asObject(functionCall);
    // Snowflake sends an empty one with every message.
    if (!call || (asText(call["name"]) === undefined && asText(call["arguments"]) === undefined)) return;
    addToolCall({ index: LEGACY_INDEX, function: call });
  }

  function addCitations(citations: readonly Citation[]): void {
    if (citations.length === 0) return;
    const block = openKind() === "text" ? queue.last() : queue.add(() => ({ kind: "text", text: "" }));
    block?.deltas.push(...citations.map((citation) => ({ kind: "citation", citation }) as const));
  }

  function addChoice(choice: JsonObject): void {
    // Perplexity sends the whole message so far beside each delta.
    const message = asObject(choice["delta"]) ?? asObject(choice["message"]) ?? {};
    addThought(message);
    addContent(message["content"]);
    addCitations(readAnnotations(message));
    addText("refusal", asText(message["refusal"]) ?? "");
    for (const item of asList(message["images"])) addImage(asObject(item));
    for (const entry of asList(message["tool_calls"])) addToolCall(entry);
    addLegacyCall(message["function_call"]);
    if (asText(choice["finish_reason"]) !== undefined) finishing = choice;
  }

  function readChunk(chunk: JsonObject): readonly AnswerEvent[] {
    if (over) return [];
    const error = findError(chunk);
    if (error) {
      over = true;
      return [{ kind: "error", error: readStreamError(error) }];
    }
    head = { ...readHead(chunk), ...head };
    const choices = asList(chunk["choices"]).map(asObject);
    const first = choices.find((choice, at) => choice && (asCount(choice["index"]) ?? at) === 0);
    if (first) addChoice(first);
    // Counts are of the whole call so far (Perplexity repeats them in every chunk): the last ones hold.
    usage = readUsage(chunk, first) ?? usage;
    const results = readSearchResults(chunk);
    if (results.length > 0) searchResults = results;
    // Azure's first chunk has no choice, no id and no model.
    return started || first ? [...begin(), ...queue.take(false)] : [];
  }

  function begin(): readonly AnswerEvent[] {
    if (started) return [];
    started = true;
    return [{ kind: "start", answer: head }];
  }

  function finish(): readonly AnswerEvent[] {
    if (over) return [];
    over = true;
    addCitations(searchResults);
    const why = finishing && readFinish(finishing, { toolCalls: calls.length > 0, refusal: refused });
    return [
      ...begin(),
      ...queue.take(true),
      ...(usage ? [{ kind: "usage", usage } as const] : []),
      ...(why ? [{ kind: "finish", finish: why } as const] : []),
      { kind: "end" },
    ];
  }

  return {
    readChunk,
    read({ type, data }) {
      if (data.trim() === "[DONE]") return finish();
      const value = parseJson(data);
      // Gemini's OpenAI endpoint wraps errors in a list.
      const chunk = asObject(Array.isArray(value) ? value[0] : value);
      if (!chunk || over) return [];
      if (type === "error" && !findError(chunk)) {
        over = true;
        return [{ kind: "error", error: readStreamError(readErrorBody(chunk, 500)) }];
      }
      return readChunk(chunk);
    },
    end() {
      if (over) return [];
      if (finishing) return finish();
      return [
        ...(started ? begin() : []),
        ...queue.take(true),
        ...(usage ? [{ kind: "usage", usage } as const] : []),
      ];
    },
  };
}
