/** Reads a stream of Converse's: its events come with type and JSON (Amazon Bedrock API reference, "ConverseStream"). */
import {
  asCount,
  asObject,
  asText,
  isFailureType,
  type JsonObject,
  parseJson,
  readBedrockException,
} from "@sluice/wire";
import type { AnswerEvent } from "../answer.ts";
import type { StreamReader, WireEvent } from "../format.ts";
import { readException } from "./error.ts";
import { readFinish } from "./finish.ts";
import { readHead } from "./read-answer.ts";
import { createStreamedBlock, type StreamedBlock } from "./streamed-block.ts";
import { readUsage } from "./usage.ts";

/** A reader of one stream. */
export function createStreamReader(): StreamReader {
  // In the order in which they began. Only the first is told: another that goes on beside it waits for its end.
  const blocks = new Map<number, StreamedBlock>();
  let stopped = false;
  let counted = false;
  let state: "open" | "ended" | "failed" = "open";

  function blockAt(event: JsonObject): StreamedBlock {
    const index = asCount(event["contentBlockIndex"]) ?? 0;
    const block = blocks.get(index) ?? createStreamedBlock();
    blocks.set(index, block);
    return block;
  }

  function tell(): readonly AnswerEvent[] {
    const events: AnswerEvent[] = [];
    for (const [index, block] of blocks) {
      events.push(...block.take());
      if (!block.isStopped()) break;
      blocks.delete(index);
    }
    return events;
  }

  function stopAll(): readonly AnswerEvent[] {
    for (const block of blocks.values()) block.stop();
    return tell();
  }

  /** Usage comes after the end of the message, so the end of the message is not the end of the stream. */
  function endWhenTold(): readonly AnswerEvent[] {
    if (!stopped || !counted) return [];
    state = "ended";
    return [{ kind: "end" }];
  }

  function readEvent(type: string, event: JsonObject): readonly AnswerEvent[] {
    switch (type) {
      case "messageStart":
        return [{ kind: "start", answer: {} }];
      case "contentBlockStart":
        blockAt(event).start(asObject(event["start"]) ?? {});
        return tell();
      case "contentBlockDelta":
        blockAt(event).add(asObject(event["delta"]) ?? {});
        return tell();
      case "contentBlockStop":
        blockAt(event).stop();
        return tell();
      case "messageStop": {
        stopped = true;
        const finish = readFinish(event);
        const told: readonly AnswerEvent[] = finish ? [{ kind: "finish", finish }] : [];
        return [...stopAll(), ...told, ...endWhenTold()];
      }
      case "metadata":
        return readMetadata(event);
      default:
        return [];
    }
  }

  function readMetadata(event: JsonObject): readonly AnswerEvent[] {
    counted = true;
    const usage = readUsage(asObject(event["usage"]) ?? {});
    const head = readHead(event);
    return [
      ...(Object.keys(head).length > 0 ? [{ kind: "start", answer: head } as const] : []),
      ...(usage ? [{ kind: "usage", usage } as const] : []),
      ...endWhenTold(),
    ];
  }

  return {
    read({ type, data }: WireEvent) {
      if (state !== "open") return [];
      const event = asObject(parseJson(data));
      if (!isFailureType(type)) return event ? readEvent(type, event) : [];
      state = "failed";
      const payload = event ?? (asText(data) === undefined ? {} : { message: data });
      return [{ kind: "error", error: readException(readBedrockException(type, payload)) }];
    },
    end() {
      if (state !== "open") return [];
      const rest = stopAll();
      if (!stopped) return rest;
      state = "ended";
      return [...rest, { kind: "end" }];
    },
  };
}
