/** Puts a response together from the events of its stream. */
import type { AnswerError } from "../../assembled.ts";
import { asCount, asList, asObject, asText, type JsonObject } from "../../json-value.ts";
import { findError, readErrorBody } from "../answer-error.ts";
import { createOutputItemFold, type OutputItemFold } from "./output-item.ts";

/** A response under construction. */
export interface ResponseFold {
  /** Takes the data of an event; `name` is what the stream calls it. Never throws. */
  add(event: JsonObject, name: string): void;
  /** The response object so far, with the items put together. Undefined when no event told of one. */
  response(): JsonObject | undefined;
  readonly error: AnswerError | undefined;
  /** Whether an event said that the response is over. */
  readonly ended: boolean;
}

const ENDS = new Set(["response.completed", "response.failed", "response.incomplete", "response.cancelled"]);

/** A collector at the start of a stream. */
export function createResponseFold(): ResponseFold {
  const items: { readonly index: number; id: string | undefined; readonly fold: OutputItemFold }[] = [];
  let head: JsonObject | undefined;
  let error: AnswerError | undefined;
  let ended = false;

  /** By place and not by id: Copilot gives one item a new id in every event. */
  function itemOf(event: JsonObject): OutputItemFold {
    const id = asText(event["item_id"]) ?? asText(asObject(event["item"])?.["id"]);
    const index = asCount(event["output_index"]);
    const found = items.find((item) =>
      index === undefined ? id === undefined || item.id === id : item.index === index,
    );
    if (found) return found.fold;
    const fold = createOutputItemFold();
    items.push({ index: index ?? items.length, id, fold });
    return fold;
  }

  return {
    add(event, name) {
      const type = asText(event["type"]) ?? name;
      const response = asObject(event["response"]);
      if (response) {
        head = { ...head, ...response };
        error ??= findError(response);
      }
      if (type === "error" || name === "error") error ??= readErrorBody(event, 200);
      else error ??= findError(event);
      if (ENDS.has(type)) {
        ended = true;
        // Not every provider repeats the status in the object.
        head = { ...head, status: asText(head?.["status"]) ?? type.slice("response.".length) };
        if (type === "response.failed") error ??= readErrorBody(response ?? {}, 500);
      }
      const item = asObject(event["item"]);
      if (item && type.startsWith("response.output_item.")) itemOf(event).replace(item);
      else if (!response && type.startsWith("response.")) itemOf(event).add(event);
    },
    response() {
      const folded = items.toSorted((a, b) => a.index - b.index).map(({ fold }) => fold.result());
      const told = folded.filter((item) => Object.keys(item).length > 0);
      if (!head && told.length === 0) return undefined;
      // The last event repeats the whole output, but some providers leave it empty there.
      const repeated = asList(head?.["output"]);
      return { ...head, output: ended && repeated.length >= told.length ? repeated : told };
    },
    get error() {
      return error;
    },
    get ended() {
      return ended;
    },
  };
}
