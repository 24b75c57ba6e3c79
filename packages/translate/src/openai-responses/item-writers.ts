/** Writes the items that are no messages: reasoning, calls of tools, images. */
import type { JsonObject } from "@sluice/wire";
import type { Block, BlockDelta } from "../answer.ts";
import type { Reasoning, ToolCall } from "../conversation.ts";
import { argumentsAsCustomInput } from "./custom-tool.ts";
import { writeOpaque } from "./reasoning.ts";

/** Where items go. */
export interface OutputSink {
  /** Sends an event. */
  emit(type: string, fields: JsonObject): void;
  /** Begins an item; gives its place in the output. */
  begin(item: JsonObject): number;
  /** Ends the item at this place. */
  finish(outputIndex: number, item: JsonObject): void;
  /** An id that no other item has: the wanted one, if it is free. */
  newId(prefix: string, wanted?: string): string;
}

/** The writer of one item. */
export interface ItemWriter {
  /** Adds to the item. */
  add(delta: BlockDelta): void;
  /** Ends the item; gives the call, when it is one. */
  close(): ToolCall | undefined;
}

/** A block that is an item of its own. */
export type ItemBlock = Extract<Block, { kind: "reasoning" | "tool_call" | "image" }>;

/** Begins an item. `custom`: the tools whose calls carry free text. */
export function createItemWriter(
  block: ItemBlock,
  sink: OutputSink,
  custom: ReadonlySet<string>,
): ItemWriter {
  switch (block.kind) {
    case "reasoning":
      return createReasoningWriter(block, sink);
    case "tool_call":
      return createCallWriter(block, sink, custom.has(block.name));
    case "image":
    default:
      return createImageWriter(block, sink);
  }
}

/** The text goes into the summary, which is where clients look for it. */
function createReasoningWriter(opening: Reasoning, sink: OutputSink): ItemWriter {
  const id = sink.newId("rs_", opening.origin === "openai-responses" ? opening.id : undefined);
  // OpenAI's items begin with a first form of it, too; here it tells the origin, which a reader has to know at the start.
  const first = writeOpaque(opening);
  const outputIndex = sink.begin({
    id,
    type: "reasoning",
    summary: [],
    ...(first !== undefined && { encrypted_content: first }),
  });
  let reasoning: Reasoning = { ...opening, text: "" };
  const emit = (type: string, fields: JsonObject) =>
    sink.emit(type, { item_id: id, output_index: outputIndex, summary_index: 0, ...fields });

  function addText(delta: string): void {
    if (delta === "") return;
    if (reasoning.text === "") {
      emit("response.reasoning_summary_part.added", { part: { type: "summary_text", text: "" } });
    }
    reasoning = { ...reasoning, text: reasoning.text + delta };
    emit("response.reasoning_summary_text.delta", { delta });
  }

  addText(opening.text);
  return {
    add(delta) {
      const { signature = "", encrypted = "" } = reasoning;
      if (delta.kind === "text") addText(delta.text);
      else if (delta.kind === "signature")
        reasoning = { ...reasoning, signature: signature + delta.signature };
      else if (delta.kind === "encrypted")
        reasoning = { ...reasoning, encrypted: encrypted + delta.encrypted };
    },
    close() {
      const { text } = reasoning;
      const part = { type: "summary_text", text };
      if (text !== "") {
        emit("response.reasoning_summary_text.done", { text });
        emit("response.reasoning_summary_part.done", { part });
      }
      const opaque = writeOpaque(reasoning);
      sink.finish(outputIndex, {
        id,
        type: "reasoning",
        summary: text === "" ? [] : [part],
        ...(opaque !== undefined && { encrypted_content: opaque }),
      });
      return undefined;
    },
  };
}

function createCallWriter(opening: ToolCall, sink: OutputSink, custom: boolean): ItemWriter {
  const type = custom ? "custom_tool_call" : "function_call";
  const content = custom ? "input" : "arguments";
  const id = sink.newId(custom ? "ctc_" : "fc_");
  const { id: callId, name } = opening;
  const item = (status: string, written: string) => ({
    id,
    type,
    status,
    [content]: written,
    call_id: callId,
    name,
  });
  const outputIndex = sink.begin(item("in_progress", ""));
  let call: ToolCall = { ...opening, arguments: "" };
  const emit = (event: string, fields: JsonObject) =>
    sink.emit(event, { item_id: id, output_index: outputIndex, ...fields });

  function addArguments(delta: string): void {
    if (delta === "") return;
    call = { ...call, arguments: call.arguments + delta };
    // A custom tool's text stands inside of JSON: it can be told when that is whole.
    if (!custom) emit("response.function_call_arguments.delta", { delta });
  }

  addArguments(opening.arguments);
  return {
    add(delta) {
      if (delta.kind === "arguments") addArguments(delta.json);
      if (delta.kind === "signature") call = { ...call, signature: (call.signature ?? "") + delta.signature };
    },
    close() {
      if (custom) {
        const input = argumentsAsCustomInput(call.arguments);
        emit("response.custom_tool_call_input.delta", { delta: input });
        emit("response.custom_tool_call_input.done", { input });
        sink.finish(outputIndex, item("completed", input));
        return call;
      }
      if (call.arguments.trim() === "") addArguments("{}");
      emit("response.function_call_arguments.done", { name, arguments: call.arguments });
      sink.finish(outputIndex, item("completed", call.arguments));
      return call;
    },
  };
}

function createImageWriter({ source }: Extract<Block, { kind: "image" }>, sink: OutputSink): ItemWriter {
  const id = sink.newId("ig_");
  const type = "image_generation_call";
  const outputIndex = sink.begin({ id, type, status: "in_progress", result: null });
  return {
    add: () => undefined,
    close() {
      if (source.kind !== "base64") return undefined;
      const format = source.mediaType.replace(/^image\//, "");
      sink.finish(outputIndex, { id, type, status: "completed", output_format: format, result: source.data });
      return undefined;
    },
  };
}
