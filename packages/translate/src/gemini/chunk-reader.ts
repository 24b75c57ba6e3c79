/** Reads the chunks of an answer, or the one object of a whole answer, which is a chunk that holds everything. */
import {
  asList,
  asObject,
  asText,
  createFunctionCallFold,
  findGeminiError,
  type JsonObject,
  member,
} from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, Block, Finish } from "../answer.ts";
import { toProviderError } from "./error.ts";
import { readFinish } from "./finish.ts";
import { readSource } from "./media.ts";
import { countSearches, readCitations } from "./read-citations.ts";
import { readServiceTier, readUsage } from "./usage.ts";

const FORMAT = "gemini-generate-content";

/** Reads one answer; make one for each. */
export interface ChunkReader {
  /** What the chunk says, as far as it can be told before the next one. */
  read(chunk: JsonObject): readonly AnswerEvent[];
  /** What was held back. `whole`: the answer is known to be complete, though it may not say why it ended. */
  end(whole: boolean): readonly AnswerEvent[];
}

/** A reader at the start of an answer. It reads the first candidate: an answer of a conversation has one. */
export function createChunkReader(): ChunkReader {
  const functionCalls = createFunctionCallFold();
  const cited = new Set<string>();
  let events: AnswerEvent[] = [];
  let state: "new" | "reading" | "failed" = "new";
  let open: "text" | "reasoning" | undefined;
  /** All text so far, and where in it the open block begins: citations count from the one, blocks from the other. */
  let text = "";
  let blockStart = 0;
  /** The signature of a text that may still go on, or be cited. */
  let textSignature: string | undefined;
  let callsGiven = 0;
  let searches = 0;
  let usage: AnswerUsage | undefined;
  let finishWord: unknown;
  let blocked: Finish | undefined;

  function close(): void {
    if (open) events.push({ kind: "block_end" });
    open = undefined;
    if (textSignature === undefined) return;
    const encrypted = textSignature;
    textSignature = undefined;
    give({ kind: "reasoning", text: "", encrypted, origin: FORMAT });
  }

  /** A block that came whole. */
  function give(block: Block): void {
    close();
    events.push({ kind: "block_start", block }, { kind: "block_end" });
  }

  function openBlock(kind: "text" | "reasoning"): void {
    if (open === kind) return;
    close();
    open = kind;
    if (kind === "text") blockStart = text.length;
    const block: Block = kind === "text" ? { kind, text: "" } : { kind, text: "", origin: FORMAT };
    events.push({ kind: "block_start", block });
  }

  function readText(piece: string, isThought: boolean, signature: string | undefined): void {
    if (isThought) {
      openBlock("reasoning");
      if (piece !== "") events.push({ kind: "delta", delta: { kind: "text", text: piece } });
      if (signature === undefined) return;
      events.push({ kind: "delta", delta: { kind: "signature", signature } });
      close();
      return;
    }
    if (piece !== "") {
      openBlock("text");
      text += piece;
      events.push({ kind: "delta", delta: { kind: "text", text: piece } });
    }
    if (signature === undefined) return;
    if (open !== "text" || textSignature !== undefined) close();
    textSignature = signature;
  }

  /** Tells the calls that are complete: one whose arguments still come is held back. */
  function giveCalls(): void {
    const calls = functionCalls.calls();
    for (const { id, name, arguments: json, signature } of calls.slice(
      callsGiven,
      functionCalls.completeCalls(),
    )) {
      close();
      events.push(
        {
          kind: "block_start",
          block: {
            kind: "tool_call",
            id: id ?? "",
            name,
            arguments: "",
            ...(signature !== undefined && { signature }),
          },
        },
        { kind: "delta", delta: { kind: "arguments", json } },
        { kind: "block_end" },
      );
      callsGiven += 1;
    }
  }

  function readPart(part: JsonObject): void {
    const signature = asText(member(part, "thoughtSignature"));
    const piece = part["text"];
    const call = asObject(member(part, "functionCall"));
    const media = readSource(part);
    if (typeof piece === "string") readText(piece, part["thought"] === true, signature);
    else if (call) {
      functionCalls.add(call, signature);
      giveCalls();
    } else if (media?.kind === "image" && part["thought"] !== true) {
      give({ kind: "image", source: media.source });
      textSignature = signature;
    } else give({ kind: "server_tool", raw: part });
  }

  function readCandidate(candidate: JsonObject): void {
    for (const part of asList(asObject(candidate["content"])?.["parts"])) {
      const object = asObject(part);
      if (object) readPart(object);
    }
    for (const citation of readCitations(candidate, text)) {
      const key = JSON.stringify(citation);
      // A stream may repeat what it said of its sources.
      if (cited.has(key)) continue;
      cited.add(key);
      openBlock("text");
      const { startIndex = -1, endIndex, ...rest } = citation;
      const from = startIndex - blockStart;
      const span =
        from < 0 || endIndex === undefined ? {} : { startIndex: from, endIndex: endIndex - blockStart };
      events.push({ kind: "delta", delta: { kind: "citation", citation: { ...rest, ...span } } });
    }
    searches = Math.max(searches, countSearches(candidate));
    finishWord = member(candidate, "finishReason") ?? finishWord;
  }

  function readHead(chunk: JsonObject): void {
    const id = asText(member(chunk, "responseId"));
    const model = asText(member(chunk, "modelVersion"))?.replace(/^models\//, "");
    const createdMs = Date.parse(asText(member(chunk, "createTime")) ?? "");
    const tier = asText(member(asObject(member(chunk, "usageMetadata")), "serviceTier"));
    events.push({
      kind: "start",
      answer: {
        ...(id !== undefined && { id }),
        ...(model !== undefined && { model }),
        ...(!Number.isNaN(createdMs) && { createdAtS: Math.floor(createdMs / 1000) }),
        ...(tier !== undefined && { serviceTier: readServiceTier(tier) }),
      },
    });
  }

  function take(): readonly AnswerEvent[] {
    const taken = events;
    events = [];
    return taken;
  }

  return {
    read(chunk) {
      if (state === "failed") return [];
      const error = findGeminiError(chunk);
      if (error) {
        state = "failed";
        return [{ kind: "error", error: toProviderError(error) }];
      }
      if (state === "new") readHead(chunk);
      state = "reading";
      const candidates = asList(chunk["candidates"]).map(asObject);
      const first = candidates.find((each) => (each?.["index"] ?? 0) === 0);
      if (first) readCandidate(first);
      const reason = asText(member(asObject(member(chunk, "promptFeedback")), "blockReason"));
      if (reason !== undefined) blocked = { reason: "content_filter", raw: reason };
      const counts = asObject(member(chunk, "usageMetadata"));
      usage = (counts && readUsage(counts, searches)) ?? usage;
      if (counts && usage) events.push({ kind: "usage", usage });
      return take();
    },
    end(whole) {
      if (state !== "reading") return [];
      const finish = blocked ?? readFinish(finishWord, functionCalls.calls().length > 0);
      if (finish || whole) giveCalls();
      close();
      if (finish) events.push({ kind: "finish", finish });
      if (finish || whole) events.push({ kind: "end" });
      return take();
    },
  };
}
