/**
 * Writes a stream of Converse's events, one SSE event each: `event` has the `:event-type` and `data` the payload. Bedrock itself
 * frames them as binary messages; callers of Sluice stream over SSE in every format.
 */
import { asObject, asText, type JsonObject } from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, Block, BlockDelta, Finish, ModelAnswer } from "../answer.ts";
import type { Reasoning } from "../conversation.ts";
import { writeSignature } from "../foreign-signature.ts";
import type { AnswerContext, StreamWriter } from "../format.ts";
import { writeCitation } from "./citations.ts";
import { errorType } from "./error.ts";
import { writeFinish } from "./finish.ts";
import { reasoningBlocks } from "./reasoning.ts";
import { writeUsage } from "./usage.ts";
import { callSignature, writeBlock } from "./write-answer.ts";

/** A writer of one stream. */
export function createStreamWriter({ model }: AnswerContext): StreamWriter {
  let index = 0;
  let open: Block | undefined;
  let head: Pick<ModelAnswer, "model" | "serviceTier"> = {};
  let began = false;
  let usage: AnswerUsage | undefined;
  let finish: Finish | undefined;
  let hasToolCalls = false;
  let closed = false;

  function delta(piece: JsonObject): string {
    return sse("contentBlockDelta", { contentBlockIndex: index, delta: piece });
  }

  /** A block that came whole, in one piece. */
  function whole(block: JsonObject): string {
    const toolUse = asObject(block["toolUse"]);
    const toolResult = asObject(block["toolResult"]);
    const image = asObject(block["image"]);
    const text = [
      ...(toolUse
        ? [
            start({ toolUse: without(toolUse, "input") }),
            delta({ toolUse: { input: JSON.stringify(toolUse["input"] ?? {}) } }),
          ]
        : []),
      ...(toolResult
        ? [
            start({ toolResult: without(toolResult, "content") }),
            delta({ toolResult: toolResult["content"] }),
          ]
        : []),
      ...(image
        ? [start({ image: without(image, "source") }), delta({ image: { source: image["source"] } })]
        : []),
      ...reasoningPieces(block).map((piece) => delta({ reasoningContent: piece })),
      ...(typeof block["text"] === "string" ? [delta({ text: block["text"] })] : []),
    ];
    return text.join("") + stop();
  }

  function start(piece: JsonObject): string {
    return sse("contentBlockStart", { contentBlockIndex: index, start: piece });
  }

  function stop(): string {
    const text = sse("contentBlockStop", { contentBlockIndex: index });
    index += 1;
    return text;
  }

  function begin(block: Block): string {
    open = block;
    switch (block.kind) {
      case "text":
      case "refusal":
        return (block.text === "" ? "" : delta({ text: block.text })) + citationsOf(block);
      case "reasoning":
        return reasoningBlocks(block)
          .flatMap((each) => reasoningPieces(each))
          .map((piece) => delta({ reasoningContent: piece }))
          .join("");
      case "tool_call": {
        hasToolCalls = true;
        const { id, name, signature } = block;
        const signed = signature === undefined ? [] : callSignature(signature);
        const before = signed.map(whole).join("");
        const input = block.arguments === "" ? "" : delta({ toolUse: { input: block.arguments } });
        return before + start({ toolUse: { toolUseId: id, name } }) + input;
      }
      case "image":
      case "server_tool":
      default: {
        const text = writeBlock(block).map(whole).join("");
        open = undefined;
        return text;
      }
    }
  }

  function encrypted(data: string, block: Block): string {
    if (block.kind !== "reasoning") return "";
    const { kind, origin } = block;
    return reasoningBlocks({ kind, text: "", encrypted: data, ...(origin !== undefined && { origin }) })
      .flatMap(reasoningPieces)
      .map((piece) => delta({ reasoningContent: piece }))
      .join("");
  }

  function citationsOf(block: Block): string {
    const citations = block.kind === "text" ? (block.citations ?? []) : [];
    return citations.map((citation) => delta({ citation: writeCitation(citation) })).join("");
  }

  function grow(piece: BlockDelta): string {
    if (!open) return "";
    switch (piece.kind) {
      case "text":
        return delta(
          open.kind === "reasoning" ? { reasoningContent: { text: piece.text } } : { text: piece.text },
        );
      case "arguments":
        return delta({ toolUse: { input: piece.json } });
      case "signature":
        // A call's own signature comes too late to stand before it.
        return open.kind === "reasoning"
          ? delta({ reasoningContent: { signature: signed(piece.signature, open) } })
          : "";
      case "encrypted":
        return encrypted(piece.encrypted, open);
      case "citation":
      default:
        return delta({ citation: writeCitation(piece.citation) });
    }
  }

  function end(): string {
    closed = true;
    const { serviceTier } = head;
    const routed = head.model !== undefined && head.model !== model;
    return (
      sse("messageStop", writeFinish(finish, hasToolCalls)) +
      sse("metadata", {
        usage: writeUsage(usage),
        metrics: { latencyMs: 0 },
        ...(serviceTier !== undefined && { serviceTier: { type: serviceTier } }),
        ...(routed && { trace: { promptRouter: { invokedModelId: head.model } } }),
      })
    );
  }

  return {
    write(event: AnswerEvent): string {
      if (closed) return "";
      switch (event.kind) {
        case "start": {
          head = { ...head, ...event.answer };
          const first = !began;
          began = true;
          return first ? sse("messageStart", { role: "assistant" }) : "";
        }
        case "block_start":
          return begin(event.block);
        case "delta":
          return grow(event.delta);
        case "block_end": {
          const text = open ? stop() : "";
          open = undefined;
          return text;
        }
        case "usage":
          usage = event.usage;
          return "";
        case "finish":
          finish = event.finish;
          return "";
        case "error": {
          closed = true;
          const type = errorType(event.error.status, event.error.type);
          return sse(type.charAt(0).toLowerCase() + type.slice(1), { message: event.error.message });
        }
        case "end":
          return end();
        case "ping":
        default:
          return ": ping\n\n";
      }
    },
  };
}

function sse(type: string, payload: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify(payload)}\n\n`;
}

function without(object: JsonObject, member: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== member));
}

/** The `reasoningContent` of a block as the deltas of a stream have it; none for other blocks. */
function reasoningPieces(block: JsonObject): readonly JsonObject[] {
  const { reasoningText, redactedContent } = asObject(block["reasoningContent"]) ?? {};
  const text = asText(asObject(reasoningText)?.["text"]);
  const signature = asText(asObject(reasoningText)?.["signature"]);
  return [
    ...(text === undefined ? [] : [{ text }]),
    ...(signature === undefined ? [] : [{ signature }]),
    ...(redactedContent === undefined ? [] : [{ redactedContent }]),
  ];
}

function signed(signature: string, { origin }: Reasoning): string {
  return writeSignature(signature, origin, "bedrock-converse");
}
