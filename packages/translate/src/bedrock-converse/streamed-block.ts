/** Tells one content block of a stream as events. */
import {
  asObject,
  asText,
  createConverseBlockFold,
  type JsonObject,
  withParsedToolInput,
} from "@sluice/wire";
import type { AnswerEvent, Block, BlockDelta } from "../answer.ts";
import { readCitation } from "./citations.ts";
import { readBlock } from "./read-answer.ts";
import { readBlob } from "./reasoning.ts";

/** One block. */
export interface StreamedBlock {
  /** Its `contentBlockStart`, which text and reasoning have not. */
  start(start: JsonObject): void;
  add(delta: JsonObject): void;
  stop(): void;
  isStopped(): boolean;
  /** What was not told yet, the end included when it has stopped. */
  take(): readonly AnswerEvent[];
}

/** A block at its beginning. */
export function createStreamedBlock(): StreamedBlock {
  // Of kinds that make sense only whole: images, what Bedrock's own tools did, encrypted thinking.
  const whole = createConverseBlockFold();
  let kind: "text" | "reasoning" | "tool_call" | "whole" | undefined;
  let opening: Block | undefined;
  let deltas: BlockDelta[] = [];
  let opened = false;
  let argued = false;
  let stopped = false;

  /** Opens the block when it is not open yet, and adds to it when it is of this kind. */
  function grow(as: "text" | "reasoning", delta: BlockDelta): void {
    if (kind === undefined) {
      kind = as;
      opening = as === "text" ? { kind: as, text: "" } : { kind: as, text: "", origin: "bedrock-converse" };
    }
    if (kind === as) deltas.push(delta);
  }

  function addReasoning(piece: JsonObject, delta: JsonObject): void {
    const text = asText(piece["text"]);
    const signature = asText(piece["signature"]);
    const redacted = asText(piece["redactedContent"]);
    if (text !== undefined) grow("reasoning", { kind: "text", text });
    if (signature !== undefined) grow("reasoning", { kind: "signature", signature });
    if (redacted === undefined) return;
    if (kind === "reasoning") deltas.push({ kind: "encrypted", encrypted: readBlob(redacted) });
    else addWhole(delta);
  }

  function addWhole(delta: JsonObject): void {
    kind ??= "whole";
    whole.delta({ delta });
  }

  function add(delta: JsonObject): void {
    const toolUse = asObject(delta["toolUse"]);
    const reasoning = asObject(delta["reasoningContent"]);
    const citation = asObject(delta["citation"]);
    const text = asText(delta["text"]);
    if (kind === "whole") addWhole(delta);
    else if (text !== undefined) grow("text", { kind: "text", text });
    else if (citation) grow("text", { kind: "citation", citation: readCitation(citation) });
    else if (reasoning) addReasoning(reasoning, delta);
    else if (toolUse && kind === "tool_call") {
      const json = asText(toolUse["input"]) ?? "";
      argued ||= json !== "";
      if (json !== "") deltas.push({ kind: "arguments", json });
    } else if (!("text" in delta) && kind === undefined) addWhole(delta);
  }

  function takeWhole(): readonly AnswerEvent[] {
    if (!stopped) return [];
    whole.stop({});
    const blocks = whole.blocks().flatMap((block) => readBlock(withParsedToolInput(block)));
    return blocks.flatMap((block) => [{ kind: "block_start", block }, { kind: "block_end" }] as const);
  }

  return {
    start(start) {
      const toolUse = asObject(start["toolUse"]);
      if (toolUse && toolUse["type"] !== "server_tool_use") {
        kind = "tool_call";
        const id = asText(toolUse["toolUseId"]) ?? "";
        opening = { kind, id, name: asText(toolUse["name"]) ?? "", arguments: "" };
      } else if (Object.keys(start).length > 0) {
        kind = "whole";
        whole.start({ start });
      }
    },
    add,
    stop() {
      stopped = true;
      // A tool without arguments sends none.
      if (kind === "tool_call" && !argued) deltas.push({ kind: "arguments", json: "{}" });
      argued = true;
    },
    isStopped: () => stopped,
    take() {
      if (kind === "whole") return takeWhole();
      if (!opening) return [];
      const events: AnswerEvent[] = opened ? [] : [{ kind: "block_start", block: opening }];
      opened = true;
      events.push(...deltas.map((delta) => ({ kind: "delta", delta }) as const));
      deltas = [];
      return stopped ? [...events, { kind: "block_end" }] : events;
    },
  };
}
