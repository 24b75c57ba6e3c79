/** Writes a chat completion stream. */
import type { JsonObject } from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, Block, BlockDelta, Finish } from "../answer.ts";
import type { Reasoning } from "../conversation.ts";
import type { AnswerContext, StreamWriter } from "../format.ts";
import { writeAnnotation } from "./citations.ts";
import { writeError } from "./error.ts";
import { writeFinish } from "./finish.ts";
import { type Head } from "./head.ts";
import { needsDetails, writeDetails } from "./reasoning-details.ts";
import { writeUsage } from "./usage.ts";
import { writeImage } from "./write-answer.ts";

/** The block that is open, as far as its deltas need to know it. */
interface OpenBlock {
  readonly kind: Block["kind"];
  /** Of a reasoning block: who made it, its id, and its place among the reasoning blocks. */
  readonly reasoning: Reasoning | undefined;
  /** Of a reasoning block: what stands at its end, wherever it came. */
  signature: string | undefined;
  encrypted: string | undefined;
  /** Of a tool call: whether any of its arguments were written. */
  argued: boolean;
}

/**
 * A writer of one stream. Why the model stopped and the usage are told at the end, in OpenAI's order: the reason, the usage
 * if the caller asked for it (`stream_options.include_usage`), `[DONE]`.
 */
export function createStreamWriter(context: AnswerContext): StreamWriter {
  let head: JsonObject = {};
  let open: OpenBlock | undefined;
  let textLength = 0;
  let blockStart = 0;
  let toolCalls = 0;
  let reasoningBlocks = 0;
  let refused = false;
  let usage: AnswerUsage | undefined;
  let finish: Finish | undefined;
  let over = false;

  function chunk(delta: JsonObject, finishReason: string | null = null): string {
    const choice = { index: 0, delta, logprobs: null, finish_reason: finishReason };
    return event({ ...head, choices: [choice], ...(context.conversation.streamUsage && { usage: null }) });
  }

  function begin(answer: Head): string {
    head = {
      id: answer.id ?? context.newId("chatcmpl-"),
      object: "chat.completion.chunk",
      created: answer.createdAtS ?? context.nowS,
      model: answer.model ?? context.model,
      ...(answer.serviceTier !== undefined && { service_tier: answer.serviceTier }),
    };
    return chunk({ role: "assistant", content: "", refusal: null });
  }

  function beginBlock(block: Block): string {
    blockStart = textLength;
    open = {
      kind: block.kind,
      reasoning: block.kind === "reasoning" ? block : undefined,
      signature: block.kind === "reasoning" ? block.signature : undefined,
      encrypted: block.kind === "reasoning" ? block.encrypted : undefined,
      argued: false,
    };
    switch (block.kind) {
      case "text":
        return (
          addText(block.text) +
          (block.citations ?? []).map((citation) => writeDelta({ kind: "citation", citation })).join("")
        );
      case "refusal":
        return addRefusal(block.text);
      case "reasoning":
        reasoningBlocks += 1;
        return addReasoning(piece(open, { text: block.text }));
      case "image": {
        const images = writeImage(block);
        return images.length > 0 ? chunk({ images }) : "";
      }
      case "tool_call":
        toolCalls += 1;
        open.argued = block.arguments !== "";
        return chunk({
          tool_calls: [
            {
              index: toolCalls - 1,
              id: block.id,
              type: "function",
              function: { name: block.name, arguments: block.arguments },
              ...(block.signature !== undefined && writeSignature(block.signature)),
            },
          ],
        });
      case "server_tool":
        return "";
      default:
        return "";
    }
  }

  function addText(text: string): string {
    textLength += text.length;
    return text === "" ? "" : chunk({ content: text });
  }

  function addRefusal(text: string): string {
    if (text === "") return "";
    refused = true;
    return chunk({ refusal: text });
  }

  /** A piece of the open reasoning block: its text for those who know only that, and the details for those who send it back. */
  function addReasoning(piece: Reasoning): string {
    const { text, signature, encrypted } = piece;
    if (text === "" && signature === undefined && encrypted === undefined) return "";
    const details = needsDetails(piece) ? writeDetails(piece, reasoningBlocks - 1) : [];
    return chunk({
      ...(text !== "" && { reasoning_content: text }),
      ...(details.length > 0 && { reasoning_details: details }),
    });
  }

  function writeDelta(delta: BlockDelta): string {
    if (!open) return "";
    switch (delta.kind) {
      case "text":
        if (open.kind === "text") return addText(delta.text);
        if (open.kind === "refusal") return addRefusal(delta.text);
        return addReasoning(piece(open, { text: delta.text }));
      case "arguments":
        open.argued ||= delta.json !== "";
        return addToToolCall({ function: { arguments: delta.json } });
      case "signature":
        if (open.kind === "tool_call") return addToToolCall(writeSignature(delta.signature));
        open.signature = (open.signature ?? "") + delta.signature;
        return "";
      case "encrypted":
        open.encrypted = (open.encrypted ?? "") + delta.encrypted;
        return "";
      case "citation": {
        const annotations = writeAnnotation(delta.citation, blockStart, textLength);
        return annotations.length > 0 ? chunk({ annotations }) : "";
      }
      default:
        return "";
    }
  }

  function addToToolCall(fields: JsonObject): string {
    return chunk({ tool_calls: [{ index: toolCalls - 1, ...fields }] });
  }

  function endBlock(): string {
    const ended = open;
    open = undefined;
    if (ended?.kind === "tool_call" && !ended.argued) {
      return addToToolCall({ function: { arguments: "{}" } });
    }
    if (ended?.kind !== "reasoning") return "";
    const { signature, encrypted } = ended;
    return addReasoning(
      piece(ended, {
        ...(signature !== undefined && { signature }),
        ...(encrypted !== undefined && { encrypted }),
      }),
    );
  }

  function end(): string {
    const reason = writeFinish(finish, { toolCalls: toolCalls > 0, refusal: refused });
    const counts =
      usage && context.conversation.streamUsage
        ? event({ ...head, choices: [], usage: writeUsage(usage) })
        : "";
    return `${chunk({}, reason)}${counts}data: [DONE]\n\n`;
  }

  return {
    write(told: AnswerEvent): string {
      if (over) return "";
      switch (told.kind) {
        case "start":
          return begin(told.answer);
        case "block_start":
          return beginBlock(told.block);
        case "delta":
          return writeDelta(told.delta);
        case "block_end":
          return endBlock();
        case "usage":
          usage = told.usage;
          return "";
        case "finish":
          finish = told.finish;
          return "";
        case "ping":
          // A comment: chat streams have no event for it, and every client skips comments.
          return ": ping\n\n";
        case "error":
          over = true;
          return event(writeError(told.error));
        case "end":
          over = true;
          return end();
        default:
          return "";
      }
    },
  };
}

/** A piece of the open block, with what tells which block it belongs to. */
function piece({ reasoning }: OpenBlock, fields: Partial<Reasoning>): Reasoning {
  const { id, origin } = reasoning ?? {};
  return {
    kind: "reasoning",
    text: "",
    ...(id !== undefined && { id }),
    ...(origin !== undefined && { origin }),
    ...fields,
  };
}

function writeSignature(signature: string): JsonObject {
  return { extra_content: { google: { thought_signature: signature } } };
}

function event(body: JsonObject): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}
