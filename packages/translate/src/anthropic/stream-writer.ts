/** Writes a message's stream for a caller of Anthropic's (Anthropic API, "Streaming messages"). */
import type { JsonObject } from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, Block, BlockDelta, Finish } from "../answer.ts";
import type { Reasoning } from "../conversation.ts";
import type { AnswerContext, StreamWriter } from "../format.ts";
import { writeCitation } from "./citations.ts";
import { writeError } from "./error.ts";
import { writeFinish } from "./finish.ts";
import { isEmpty, writeCallSignature, writeProof, writeThinking } from "./thinking.ts";
import { writeServiceTier, writeUsage } from "./usage.ts";
import { imageText, writeHead } from "./write-answer.ts";

/** A writer at the start of a stream. */
export function createStreamWriter(context: AnswerContext): StreamWriter {
  let index = -1;
  let block: Block | undefined;
  /** Whether the client knows of the open block: thinking is told when it is clear whether it has a text. */
  let shown = false;
  let hasToolCalls = false;
  let usage: AnswerUsage | undefined;
  let finish: Finish | undefined;

  const show = (content: JsonObject): string => {
    index += 1;
    shown = true;
    return event({ type: "content_block_start", index, content_block: content });
  };
  const delta = (content: JsonObject): string =>
    event({ type: "content_block_delta", index, delta: content });
  const hide = (): string => {
    const stop = shown ? event({ type: "content_block_stop", index }) : "";
    shown = false;
    return stop;
  };
  const whole = (content: JsonObject): string => show(content) + hide();
  /** A `thinking` block that is a signature alone: clients take it from a delta. */
  const signed = (signature: string): string =>
    show({ type: "thinking", thinking: "", signature: "" }) +
    delta({ type: "signature_delta", signature }) +
    hide();

  function open(next: Block): string {
    const before = close();
    block = next;
    switch (next.kind) {
      case "text":
      case "refusal":
        return before + show({ type: "text", text: "" }) + (next.text === "" ? "" : textDelta(next.text));
      case "reasoning":
        block = { ...next, text: "" };
        return before + (next.text === "" ? "" : thinkingText(next.text));
      case "tool_call": {
        hasToolCalls = true;
        const proof = next.signature === undefined ? "" : callSignature(next.signature);
        const opened = show({ type: "tool_use", id: next.id, name: next.name, input: {} });
        const args = next.arguments === "" ? "" : argumentsDelta(next.arguments);
        block = { kind: "tool_call", id: next.id, name: next.name, arguments: "" };
        return before + proof + opened + args;
      }
      case "image":
        return before + show({ type: "text", text: "" }) + textDelta(imageText(next.source));
      case "server_tool":
      default:
        return before;
    }
  }

  function textDelta(text: string): string {
    return delta({ type: "text_delta", text });
  }

  function argumentsDelta(json: string): string {
    return delta({ type: "input_json_delta", partial_json: json });
  }

  function callSignature(signature: string): string {
    return signed(String(writeCallSignature(signature)["signature"]));
  }

  function thinkingText(text: string): string {
    const opened = shown ? "" : show({ type: "thinking", thinking: "", signature: "" });
    return opened + delta({ type: "thinking_delta", thinking: text });
  }

  function add(piece: BlockDelta): string {
    switch (piece.kind) {
      case "text":
        if (block?.kind === "reasoning") return thinkingText(piece.text);
        return block?.kind === "text" || block?.kind === "refusal" ? textDelta(piece.text) : "";
      case "arguments":
        return block?.kind === "tool_call" ? argumentsDelta(piece.json) : "";
      case "citation":
        if (block?.kind !== "text") return "";
        return writeCitation(piece.citation)
          .map((citation) => delta({ type: "citations_delta", citation }))
          .join("");
      case "signature":
        // Clients keep the last piece of a signature alone, so it is told once, at the block's end.
        if (block?.kind === "reasoning" || block?.kind === "tool_call") {
          block = { ...block, signature: (block.signature ?? "") + piece.signature };
        }
        return "";
      case "encrypted":
      default:
        if (block?.kind === "reasoning")
          block = { ...block, encrypted: (block.encrypted ?? "") + piece.encrypted };
        return "";
    }
  }

  function close(): string {
    const closing = block;
    block = undefined;
    if (closing?.kind === "reasoning") return closeReasoning(closing);
    const stop = hide();
    // A signature that came after its call had begun stands behind it.
    if (closing?.kind !== "tool_call" || closing.signature === undefined) return stop;
    return stop + callSignature(closing.signature);
  }

  function closeReasoning(reasoning: Reasoning): string {
    const signature = writeProof(reasoning);
    if (shown) return (signature === "" ? "" : delta({ type: "signature_delta", signature })) + hide();
    if (isEmpty(reasoning)) return "";
    const content = writeThinking(reasoning);
    return content["type"] === "redacted_thinking" ? whole(content) : signed(signature);
  }

  function end(): string {
    const delta = writeFinish(finish, hasToolCalls);
    return (
      close() +
      event({ type: "message_delta", delta, usage: writeUsage(usage) }) +
      event({ type: "message_stop" })
    );
  }

  return {
    write(next: AnswerEvent) {
      switch (next.kind) {
        case "start":
          return event({ type: "message_start", message: opening(next.answer, context) });
        case "block_start":
          return open(next.block);
        case "delta":
          return add(next.delta);
        case "block_end":
          return close();
        case "usage":
          usage = next.usage;
          return "";
        case "finish":
          finish = next.finish;
          return "";
        case "ping":
          return event({ type: "ping" });
        case "error":
          return event(writeError(next.error));
        case "end":
        default:
          return end();
      }
    },
  };
}

/** The empty message that opens a stream. Its usage is not known yet; the last one holds. */
function opening(
  answer: Extract<AnswerEvent, { kind: "start" }>["answer"],
  context: AnswerContext,
): JsonObject {
  const serviceTier = writeServiceTier(answer.serviceTier);
  return {
    ...writeHead(answer, context),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...writeUsage(undefined), ...(serviceTier !== undefined && { service_tier: serviceTier }) },
  };
}

/** An event, named by its type. */
function event(data: JsonObject): string {
  return `event: ${String(data["type"])}\ndata: ${JSON.stringify(data)}\n\n`;
}
