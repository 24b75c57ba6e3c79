/** Reads the events of a responses stream (OpenAI API reference, "Streaming events"). */
import {
  asCount,
  asList,
  asObject,
  asText,
  findError,
  type JsonObject,
  parseJson,
  readErrorBody,
} from "@sluice/wire";
import type { AnswerEvent } from "../answer.ts";
import type { StreamReader } from "../format.ts";
import { readStreamError } from "../openai-chat/error.ts";
import { createBlockSlots, opening } from "./block-slots.ts";
import { readCitation } from "./citations.ts";
import { readFinish, readHead, readItem, readPart, readUsage } from "./read-output.ts";
import { PARAGRAPH } from "./reasoning.ts";

const ENDS = new Set(["response.completed", "response.incomplete", "response.cancelled"]);

/**
 * A reader of one stream. The last event repeats the whole output: what no event told before is taken from there. The
 * stream is whole with its last event, or with `[DONE]`, which some providers send alone.
 */
export function createStreamReader(): StreamReader {
  const slots = createBlockSlots();
  /** Of each reasoning item: which of its lists is told, and where in it. Where both come they say the same. */
  const thinking = new Map<string, { readonly list: string; index: number }>();
  /** The items that events told of: their places, and the ids that they went by. */
  const places = new Set<string>();
  const placeOfId = new Map<string, string>();
  let started = false;
  let over = false;

  function head(response: JsonObject): readonly AnswerEvent[] {
    if (started) return [];
    started = true;
    return [{ kind: "start", answer: readHead(response) }];
  }

  function fail(body: JsonObject): readonly AnswerEvent[] {
    over = true;
    return [{ kind: "error", error: readStreamError(findError(body) ?? readErrorBody(body, 500)) }];
  }

  function finishItem(item: JsonObject, place: string): void {
    const parts = item["type"] === "message";
    readItem(item).forEach((block, at) => slots.finish(parts ? `${place}:${at}` : place, block));
  }

  function end(response: JsonObject, status: string): readonly AnswerEvent[] {
    over = true;
    const told = places.size;
    asList(response["output"]).forEach((entry, at) => {
      const item = asObject(entry);
      const place = item && (placeOfId.get(asText(item["id"]) ?? "") ?? String(at));
      // The order may be another here than in the events (xAI). An item that nobody knows is new only behind those told.
      if (item && place !== undefined && (places.has(place) || at >= told)) finishItem(item, place);
    });
    slots.closeAll();
    const blocks = slots.take();
    const usage = readUsage(response);
    const finish = readFinish({ status, ...response }, slots.kinds());
    return [
      ...blocks,
      ...(usage ? [{ kind: "usage", usage } as const] : []),
      ...(finish ? [{ kind: "finish", finish } as const] : []),
      { kind: "end" },
    ];
  }

  function addThinking(event: JsonObject, place: string, list: "content" | "summary"): void {
    const index = asCount(event[`${list}_index`]) ?? 0;
    const at = thinking.get(place) ?? { list, index };
    if (at.list !== list) return;
    const id = asText(event["item_id"]);
    slots.open(place, {
      kind: "reasoning",
      text: "",
      ...(id !== undefined && { id }),
      origin: "openai-responses",
    });
    if (list === "summary" && at.index !== index) slots.add(place, { kind: "text", text: PARAGRAPH });
    thinking.set(place, { list, index });
    addText(place, event["delta"]);
  }

  function addText(key: string, delta: unknown): void {
    const text = asText(delta);
    if (text !== undefined) slots.add(key, { kind: "text", text });
  }

  /** Items by their place, for Copilot gives an item a new id in every event. */
  function readItemEvent(type: string, event: JsonObject): void {
    const place = String(asCount(event["output_index"]) ?? asText(event["item_id"]) ?? "0");
    const part = `${place}:${asCount(event["content_index"]) ?? 0}`;
    const item = asObject(event["item"]);
    const id = asText(event["item_id"]) ?? asText(item?.["id"]);
    places.add(place);
    if (id !== undefined) placeOfId.set(id, place);
    switch (type) {
      case "response.output_item.added": {
        const [block] = item ? readItem(item) : [];
        // Messages begin with their parts; the rest comes whole, with its end.
        if (
          block?.kind === "reasoning" ||
          (block?.kind === "tool_call" && item?.["type"] === "function_call")
        ) {
          slots.open(place, opening(block));
        }
        break;
      }
      case "response.output_item.done":
        if (item) finishItem(item, place);
        break;
      case "response.content_part.added":
      case "response.content_part.done": {
        const block = readPart(event["part"]);
        if (asObject(event["part"])?.["type"] === "reasoning_text") break;
        if (type === "response.content_part.done") slots.finish(part, block);
        else slots.open(part, opening(block));
        break;
      }
      case "response.output_text.delta":
        slots.open(part, { kind: "text", text: "" });
        addText(part, event["delta"]);
        break;
      case "response.refusal.delta":
        slots.open(part, { kind: "refusal", text: "" });
        addText(part, event["delta"]);
        break;
      case "response.output_text.annotation.added":
        for (const citation of readCitation(event["annotation"]))
          slots.add(part, { kind: "citation", citation });
        break;
      case "response.reasoning_text.delta":
        addThinking(event, place, "content");
        break;
      case "response.reasoning_summary_text.delta":
        addThinking(event, place, "summary");
        break;
      case "response.function_call_arguments.delta": {
        const json = asText(event["delta"]);
        if (json !== undefined) slots.add(place, { kind: "arguments", json });
        break;
      }
      default:
      // States of tools that the provider runs, and the ends of what an item's own end tells whole.
    }
  }

  function readEvent(name: string, event: JsonObject): readonly AnswerEvent[] {
    const type = asText(event["type"]) ?? name;
    const response = asObject(event["response"]);
    if (type === "error" || type === "response.failed") return fail(response ?? event);
    if (type === "keepalive" || type === "ping") return [{ kind: "ping" }];
    if (response) {
      const begin = head(response);
      return ENDS.has(type) ? [...begin, ...end(response, type.slice("response.".length))] : begin;
    }
    if (!type.startsWith("response.")) return findError(event) ? fail(event) : [];
    readItemEvent(type, event);
    return slots.take();
  }

  return {
    read({ type, data }) {
      if (over) return [];
      if (data.trim() === "[DONE]") return end({}, "completed");
      const event = asObject(parseJson(data));
      return event ? readEvent(type, event) : [];
    },
    end() {
      if (over) return [];
      // What waited for a block that never ended.
      slots.closeAll();
      return slots.take();
    },
  };
}
