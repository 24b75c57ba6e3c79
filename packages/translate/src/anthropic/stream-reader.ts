/** Reads the events of a message's stream (Anthropic API, "Streaming messages"). */
import {
  asCount,
  asObject,
  asText,
  type ContentBlockFold,
  createContentBlockFold,
  type JsonObject,
  mergeMessagesUsage,
  parseJson,
} from "@sluice/wire";
import type { AnswerEvent, Block } from "../answer.ts";
import type { StreamReader, WireEvent } from "../format.ts";
import { readCitation } from "./citations.ts";
import { readErrorEvent } from "./error.ts";
import { readFinish, refusalOf } from "./finish.ts";
import { inputText, readBlock, readHead } from "./read-answer.ts";
import { readUsage } from "./usage.ts";

/** A block that has begun. What it says waits while an earlier block is still open. */
interface OpenBlock {
  readonly index: number;
  readonly block: Block;
  /** Puts together what is only told whole: what the provider's own tools did. */
  readonly fold: ContentBlockFold;
  waiting: AnswerEvent[];
  said: boolean;
  done: boolean;
}

/** A reader at the start of a stream. */
export function createStreamReader(): StreamReader {
  /** Blocks that are not told to their end, the first one live. */
  let open: OpenBlock[] = [];
  let rawUsage: JsonObject | undefined;
  let over = false;

  /** What may be told now: everything of the first block, and of the next ones when that is done. */
  function release(): AnswerEvent[] {
    const told: AnswerEvent[] = [];
    for (let first = open[0]; first; first = open[0]) {
      told.push(...first.waiting);
      first.waiting = [];
      if (!first.done) break;
      open = open.slice(1);
    }
    return told;
  }

  function start(event: JsonObject): void {
    const content = asObject(event["content_block"]) ?? {};
    const block = readBlock(content);
    const begun: OpenBlock = {
      index: asCount(event["index"]) ?? -1,
      block,
      fold: createContentBlockFold(content),
      waiting: opening(block),
      said: false,
      done: false,
    };
    open = [...open, begun];
  }

  function add(event: JsonObject): void {
    const delta = asObject(event["delta"]) ?? {};
    const index = asCount(event["index"]);
    const target =
      index === undefined ? open.at(-1) : open.find((each) => each.index === index && !each.done);
    if (!target) return;
    target.fold.add(delta);
    const told = readDelta(delta, target.block);
    target.waiting.push(...told);
    target.said ||= told.some(({ kind }) => kind === "delta");
  }

  function stop(target: OpenBlock): void {
    if (target.done) return;
    target.done = true;
    target.waiting.push(...closing(target));
  }

  function stopAll(): AnswerEvent[] {
    for (const each of open) stop(each);
    return release();
  }

  function addUsage(value: unknown): AnswerEvent[] {
    const next = asObject(value);
    if (!next) return [];
    rawUsage = mergeMessagesUsage(rawUsage, next);
    const usage = readUsage(rawUsage);
    return usage ? [{ kind: "usage", usage }] : [];
  }

  function finish(event: JsonObject): AnswerEvent[] {
    const delta = asObject(event["delta"]) ?? {};
    const reason = readFinish(delta);
    const refusal = refusalOf(delta);
    return [
      ...stopAll(),
      ...(refusal === undefined ? [] : wholeText({ kind: "refusal", text: refusal })),
      ...addUsage(event["usage"]),
      ...(reason ? [{ kind: "finish", finish: reason } as const] : []),
    ];
  }

  function readEvent(type: string, event: JsonObject): readonly AnswerEvent[] {
    switch (type) {
      case "message_start": {
        const message = asObject(event["message"]) ?? {};
        return [{ kind: "start", answer: readHead(message) }, ...addUsage(message["usage"])];
      }
      case "content_block_start":
        start(event);
        return release();
      case "content_block_delta":
        add(event);
        return release();
      case "content_block_stop": {
        const index = asCount(event["index"]);
        const target =
          index === undefined ? open.at(-1) : open.find((each) => each.index === index && !each.done);
        if (target) stop(target);
        return release();
      }
      case "message_delta":
        return finish(event);
      case "message_stop":
        over = true;
        return [...stopAll(), { kind: "end" }];
      case "ping":
        return [{ kind: "ping" }];
      default:
        if (type !== "error" && !event["error"]) return [];
        over = true;
        return [...stopAll(), { kind: "error", error: readErrorEvent(event) }];
    }
  }

  return {
    read({ type, data }: WireEvent) {
      const event = over ? undefined : asObject(parseJson(data));
      return event ? readEvent(asText(event["type"]) ?? type, event) : [];
    },
    end: () => (over ? [] : stopAll()),
  };
}

/** The first events of a block. What its start already holds is told as deltas; a tool of the provider's is told at its end. */
function opening(block: Block): AnswerEvent[] {
  switch (block.kind) {
    case "text": {
      const citations = (block.citations ?? []).map(
        (citation): AnswerEvent => ({ kind: "delta", delta: { kind: "citation", citation } }),
      );
      return [
        { kind: "block_start", block: { kind: "text", text: "" } },
        ...textDelta(block.text),
        ...citations,
      ];
    }
    case "reasoning": {
      const { signature, ...unsigned } = block;
      const signed: AnswerEvent[] =
        signature === undefined ? [] : [{ kind: "delta", delta: { kind: "signature", signature } }];
      // The signature that tells whose thinking this is comes at the end; in this stream it can only be Anthropic's.
      const begun: Block = { origin: "anthropic-messages", ...unsigned, text: "" };
      return [{ kind: "block_start", block: begun }, ...textDelta(block.text), ...signed];
    }
    case "tool_call":
      return [{ kind: "block_start", block: { ...block, arguments: "" } }];
    case "refusal":
    case "image":
    case "server_tool":
    default:
      return [];
  }
}

function closing({ block, fold, said }: OpenBlock): AnswerEvent[] {
  const end: AnswerEvent = { kind: "block_end" };
  if (block.kind === "server_tool")
    return [{ kind: "block_start", block: { ...block, raw: fold.result() } }, end];
  if (block.kind !== "tool_call" || said) return [end];
  // No piece of the input came: it was in the start, or there is none.
  return [{ kind: "delta", delta: { kind: "arguments", json: inputText(fold.result()["input"]) } }, end];
}

function readDelta(delta: JsonObject, block: Block): AnswerEvent[] {
  switch (delta["type"]) {
    case "text_delta":
      return textDelta(asText(delta["text"]) ?? "");
    case "thinking_delta":
      return textDelta(asText(delta["thinking"]) ?? "");
    case "signature_delta": {
      const signature = asText(delta["signature"]);
      return signature === undefined ? [] : [{ kind: "delta", delta: { kind: "signature", signature } }];
    }
    case "input_json_delta": {
      const json = asText(delta["partial_json"]);
      return json === undefined || block.kind !== "tool_call"
        ? []
        : [{ kind: "delta", delta: { kind: "arguments", json } }];
    }
    case "citations_delta": {
      const citation = asObject(delta["citation"]);
      return citation
        ? [{ kind: "delta", delta: { kind: "citation", citation: readCitation(citation) } }]
        : [];
    }
    default:
      return [];
  }
}

function textDelta(text: string): AnswerEvent[] {
  return text === "" ? [] : [{ kind: "delta", delta: { kind: "text", text } }];
}

function wholeText(block: Extract<Block, { kind: "refusal" }>): AnswerEvent[] {
  return [
    { kind: "block_start", block: { ...block, text: "" } },
    ...textDelta(block.text),
    { kind: "block_end" },
  ];
}
