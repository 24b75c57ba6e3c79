/** Writes a message item: the texts and refusals that follow each other are its parts. */
import type { JsonObject } from "@sluice/wire";
import type { BlockDelta, Citation } from "../answer.ts";
import { writeCitation } from "./citations.ts";
import type { OutputSink } from "./item-writers.ts";

/** A text or refusal as it begins, with the text that is there already. */
export interface OpeningPart {
  readonly kind: "text" | "refusal";
  readonly text: string;
  readonly citations?: readonly Citation[];
}

/** The writer of one message. */
export interface MessageWriter {
  /** Begins a part. */
  open(part: OpeningPart): void;
  /** Adds to the open part. */
  add(delta: BlockDelta): void;
  /** Ends the open part. */
  closePart(): void;
  /** Ends the message. */
  close(status: "completed" | "incomplete"): void;
}

/** Begins a message. */
export function createMessageWriter(sink: OutputSink): MessageWriter {
  const id = sink.newId("msg_");
  const content: JsonObject[] = [];
  const item = { id, type: "message", status: "in_progress", role: "assistant", content: [] };
  const outputIndex = sink.begin(item);
  let kind: OpeningPart["kind"] | undefined;
  let text = "";
  let annotations: JsonObject[] = [];

  const emit = (type: string, fields: JsonObject) =>
    sink.emit(type, { item_id: id, output_index: outputIndex, content_index: content.length, ...fields });
  const part = (): JsonObject =>
    kind === "refusal"
      ? { type: "refusal", refusal: text }
      : { type: "output_text", text, annotations, logprobs: [] };

  function addText(delta: string): void {
    if (delta === "") return;
    text += delta;
    if (kind === "refusal") emit("response.refusal.delta", { delta });
    else emit("response.output_text.delta", { delta, logprobs: [] });
  }

  function cite(citation: Citation): void {
    if (kind !== "text") return;
    for (const annotation of writeCitation(citation, text.length)) {
      emit("response.output_text.annotation.added", { annotation_index: annotations.length, annotation });
      annotations = [...annotations, annotation];
    }
  }

  function closePart(): void {
    if (!kind) return;
    if (kind === "refusal") emit("response.refusal.done", { refusal: text });
    else emit("response.output_text.done", { text, logprobs: [] });
    const whole = part();
    emit("response.content_part.done", { part: whole });
    content.push(whole);
    kind = undefined;
  }

  return {
    open(opening) {
      closePart();
      kind = opening.kind;
      text = "";
      annotations = [];
      emit("response.content_part.added", { part: part() });
      addText(opening.text);
      for (const citation of opening.citations ?? []) cite(citation);
    },
    add(delta) {
      if (delta.kind === "text") addText(delta.text);
      if (delta.kind === "citation") cite(delta.citation);
    },
    closePart,
    close(status) {
      closePart();
      sink.finish(outputIndex, { ...item, status, content });
    },
  };
}
