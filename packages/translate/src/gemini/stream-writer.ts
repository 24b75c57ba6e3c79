/** Writes a streamed answer, as `streamGenerateContent?alt=sse` sends it. */
import type { JsonObject } from "@sluice/wire";
import type { AnswerUsage, Block, BlockDelta, Finish } from "../answer.ts";
import type { AnswerContext, StreamWriter } from "../format.ts";
import { writeError } from "./error.ts";
import { writeFinish } from "./finish.ts";
import { writeUsage } from "./usage.ts";
import { writeBlock } from "./write-block.ts";
import { type PlacedCitation, writeGrounding } from "./write-citations.ts";

/**
 * A writer of one stream. Text and thinking leave piece by piece; everything else leaves whole, since a part is. The last
 * chunk has the reason for the end, the usage and the sources; nothing else marks the end of these streams.
 */
export function createStreamWriter(context: AnswerContext): StreamWriter {
  const cited: PlacedCitation[] = [];
  let head: JsonObject = {};
  let open: Block | undefined;
  let text = "";
  let offset = 0;
  let usage: AnswerUsage | undefined;
  let finish: Finish = { reason: "stop" };
  let over = false;

  function chunk(candidate: JsonObject, rest: JsonObject = {}): string {
    return event({ candidates: [{ ...candidate, index: 0 }], ...rest, ...head });
  }

  function parts(list: readonly JsonObject[]): string {
    return list.length === 0 ? "" : chunk({ content: { role: "model", parts: list } });
  }

  function begin(block: Block): string {
    offset = text.length;
    if (!isSpoken(block)) {
      open = block;
      return "";
    }
    open = { ...block, text: "" };
    return block.text === "" ? "" : say(block, block.text);
  }

  function say(block: Block, piece: string): string {
    if (block.kind === "text") text += piece;
    return parts([block.kind === "reasoning" ? { text: piece, thought: true } : { text: piece }]);
  }

  function add(delta: BlockDelta): string {
    if (!open) return "";
    if (delta.kind === "text") return say(open, delta.text);
    if (delta.kind === "citation") cited.push({ citation: delta.citation, offset });
    else open = grown(open, delta);
    return "";
  }

  /** What of the block has not left yet: its signature, or all of a block that leaves whole. */
  function close(): string {
    const block = open;
    open = undefined;
    return block ? parts(writeBlock(block)) : "";
  }

  function last(): string {
    const groundingMetadata = writeGrounding(cited, text);
    return chunk(
      {
        content: { role: "model", parts: [{ text: "" }] },
        finishReason: writeFinish(finish),
        ...(groundingMetadata && { groundingMetadata }),
      },
      { ...(usage && { usageMetadata: writeUsage(usage) }) },
    );
  }

  return {
    write(answerEvent) {
      if (over) return "";
      switch (answerEvent.kind) {
        case "start": {
          const { id, model } = answerEvent.answer;
          head = { modelVersion: model ?? context.model, responseId: id ?? context.newId("resp_") };
          return "";
        }
        case "block_start":
          return begin(answerEvent.block);
        case "delta":
          return add(answerEvent.delta);
        case "block_end":
          return close();
        case "usage":
          usage = answerEvent.usage;
          return "";
        case "finish":
          finish = answerEvent.finish;
          return "";
        case "ping":
          return "";
        case "error":
          over = true;
          return event(writeError(answerEvent.error));
        case "end":
        default:
          over = true;
          return last();
      }
    },
  };
}

/** Google ends the lines of its streams with CRLF. */
function event(data: JsonObject): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`;
}

function isSpoken(block: Block): block is Block & { readonly kind: "text" | "refusal" | "reasoning" } {
  return block.kind === "text" || block.kind === "refusal" || block.kind === "reasoning";
}

function grown(block: Block, delta: BlockDelta): Block {
  switch (delta.kind) {
    case "arguments":
      return block.kind === "tool_call" ? { ...block, arguments: block.arguments + delta.json } : block;
    case "signature":
      return block.kind === "tool_call" || block.kind === "reasoning"
        ? { ...block, signature: (block.signature ?? "") + delta.signature }
        : block;
    case "encrypted":
      return block.kind === "reasoning"
        ? { ...block, encrypted: (block.encrypted ?? "") + delta.encrypted }
        : block;
    case "text":
    case "citation":
    default:
      return block;
  }
}
