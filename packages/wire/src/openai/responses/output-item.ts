/** One output item of a responses stream under construction: deltas and parts find their place in it. */
import { asCount, asList, asObject, asText, type JsonObject } from "../../json-value.ts";

/** Collects one item. */
export interface OutputItemFold {
  /** Takes the item as the provider sent it: its beginning, or its last word. */
  replace(item: JsonObject): void;
  /** Takes an event about this item that is neither its beginning nor its end. */
  add(event: JsonObject): void;
  /** The item so far. */
  result(): JsonObject;
}

/** Where a delta's text belongs: a part of `content` or `summary`, or a field of the item itself. */
interface Place {
  readonly list?: "content" | "summary";
  readonly field: string;
  /** The part's type, for a part that no event began. */
  readonly type?: string;
  /** The item's type, for an item that no event began. */
  readonly of: string;
}

/** By the event's type without `response.` and without `.delta` or `.done` (OpenAI API reference, "Streaming events"). */
const PLACES: ReadonlyMap<string, Place> = new Map([
  ["output_text", { list: "content", field: "text", type: "output_text", of: "message" }],
  ["refusal", { list: "content", field: "refusal", type: "refusal", of: "message" }],
  ["reasoning_text", { list: "content", field: "text", type: "reasoning_text", of: "reasoning" }],
  ["reasoning_summary_text", { list: "summary", field: "text", type: "summary_text", of: "reasoning" }],
  ["function_call_arguments", { field: "arguments", of: "function_call" }],
  ["custom_tool_call_input", { field: "input", of: "custom_tool_call" }],
  ["mcp_call_arguments", { field: "arguments", of: "mcp_call" }],
  ["code_interpreter_call_code", { field: "code", of: "code_interpreter_call" }],
]);

/** A collector without an item. */
export function createOutputItemFold(): OutputItemFold {
  let item: Record<string, unknown> = {};
  const lists = { content: [] as Record<string, unknown>[], summary: [] as Record<string, unknown>[] };

  function partAt(list: "content" | "summary", event: JsonObject, type: string): Record<string, unknown> {
    const at = asCount(event[`${list}_index`]) ?? Math.max(lists[list].length - 1, 0);
    const part = lists[list][at] ?? { type };
    // A stream may begin with any part; a list must not have holes.
    while (lists[list].length < at) lists[list].push({ type });
    lists[list][at] = part;
    return part;
  }

  function setPart(list: "content" | "summary", event: JsonObject): void {
    const part = asObject(event["part"]);
    if (part) Object.assign(partAt(list, event, ""), part);
  }

  function addText(place: Place, event: JsonObject, done: boolean): void {
    item["type"] ??= place.of;
    const target = place.list ? partAt(place.list, event, place.type ?? "") : item;
    const before = target[place.field];
    const whole = event[place.field];
    const delta = event["delta"];
    if (done && typeof whole === "string") target[place.field] = whole;
    else if (!done && typeof delta === "string") {
      target[place.field] = `${typeof before === "string" ? before : ""}${delta}`;
    }
    const logprobs = asList(event["logprobs"]);
    if (logprobs.length > 0)
      target["logprobs"] = done ? logprobs : [...asList(target["logprobs"]), ...logprobs];
  }

  return {
    replace(next) {
      item = { ...next };
      for (const list of ["content", "summary"] as const) {
        lists[list] = asList(next[list]).map((part) => ({ ...asObject(part) }));
      }
    },
    add(event) {
      const match = /^response\.(.+)\.(delta|done|added)$/.exec(asText(event["type"]) ?? "");
      const [, subject = "", verb = ""] = match ?? [];
      const place = PLACES.get(subject);
      if (place && verb !== "added") addText(place, event, verb === "done");
      else if (subject === "content_part") setPart("content", event);
      else if (subject === "reasoning_summary_part") setPart("summary", event);
      else if (subject === "output_text.annotation" && event["annotation"] !== undefined) {
        const part = partAt("content", event, "output_text");
        part["annotations"] = [...asList(part["annotations"]), event["annotation"]];
      }
    },
    result: () => ({
      ...item,
      ...(lists.content.length > 0 && { content: lists.content }),
      ...(lists.summary.length > 0 && { summary: lists.summary }),
    }),
  };
}
