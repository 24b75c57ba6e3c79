/** Turns the events of an answer into those of a responses stream, whose last one holds the whole response. */
import type { JsonObject } from "@sluice/wire";
import type { AnswerEvent, AnswerUsage, BlockDelta, Finish } from "../answer.ts";
import type { ToolCall } from "../conversation.ts";
import type { AnswerContext } from "../format.ts";
import { writeError } from "../openai-chat/error.ts";
import { customToolNames } from "./custom-tool.ts";
import { createItemWriter, type ItemWriter, type OutputSink } from "./item-writers.ts";
import { createMessageWriter, type MessageWriter } from "./message-writer.ts";
import { writeCallSignature } from "./reasoning.ts";
import { incompleteReason, writeEnd, writeHead } from "./response-object.ts";

/** A writer of one response. */
export interface ResponseWriter {
  /** The stream's events for this event; the response so far, when it is over, is in the last one. */
  write(event: AnswerEvent): readonly JsonObject[];
}

/** A writer at the start of an answer. */
export function createResponseWriter(context: AnswerContext): ResponseWriter {
  const custom = customToolNames(context.request);
  const output: JsonObject[] = [];
  const usedIds = new Set<string>();
  let events: JsonObject[] = [];
  let sequence = 0;
  let head: JsonObject | undefined;
  let message: MessageWriter | undefined;
  let item: ItemWriter | undefined;
  let usage: AnswerUsage | undefined;
  let finish: Finish | undefined;
  let refused = false;

  const emit = (type: string, fields: JsonObject) => {
    events.push({ type, sequence_number: sequence, ...fields });
    sequence += 1;
  };
  const sink: OutputSink = {
    emit,
    begin(fields) {
      const index = output.length;
      output.push(fields);
      emit("response.output_item.added", { output_index: index, item: fields });
      return index;
    },
    finish(index, fields) {
      output[index] = fields;
      emit("response.output_item.done", { output_index: index, item: fields });
    },
    // The official client refuses two items with one id.
    newId(prefix, wanted) {
      const id = wanted !== undefined && !usedIds.has(wanted) ? wanted : context.newId(prefix);
      usedIds.add(id);
      return id;
    },
  };

  function begin(): JsonObject {
    if (!head) {
      head = writeHead({}, context);
      emit("response.created", { response: head });
    }
    return head;
  }

  function closeMessage(): void {
    message?.close(incompleteReason(finish) === undefined ? "completed" : "incomplete");
    message = undefined;
  }

  function open(block: Extract<AnswerEvent, { kind: "block_start" }>["block"]): void {
    if (block.kind === "server_tool") return;
    if (block.kind === "text" || block.kind === "refusal") {
      refused ||= block.kind === "refusal";
      message ??= createMessageWriter(sink);
      message.open(block);
      return;
    }
    if (block.kind === "image" && block.source.kind !== "base64") {
      // Generated images have no place for a URL; in a text it is at least seen.
      message ??= createMessageWriter(sink);
      message.open({ kind: "text", text: block.source.kind === "url" ? `![](${block.source.url})` : "" });
      return;
    }
    closeMessage();
    item = createItemWriter(block, sink, custom);
  }

  function add(delta: BlockDelta): void {
    if (item) item.add(delta);
    else message?.add(delta);
  }

  function close(): void {
    const call = item?.close();
    if (!item) message?.closePart();
    item = undefined;
    if (call?.signature !== undefined) signCall(call, call.signature);
  }

  /** Clients send reasoning items back unread, so the signature of a call travels in one of its own. */
  function signCall(call: ToolCall, signature: string): void {
    const fields = {
      id: sink.newId("rs_"),
      type: "reasoning",
      summary: [],
      encrypted_content: writeCallSignature(call.id, signature),
    };
    sink.finish(sink.begin(fields), fields);
  }

  return {
    write(event) {
      events = [];
      switch (event.kind) {
        case "start":
          head = writeHead(event.answer, context);
          emit("response.created", { response: head });
          emit("response.in_progress", { response: head });
          break;
        case "block_start":
          begin();
          open(event.block);
          break;
        case "delta":
          add(event.delta);
          break;
        case "block_end":
          close();
          break;
        case "usage":
          ({ usage } = event);
          break;
        case "finish":
          ({ finish } = event);
          break;
        case "end": {
          const started = begin();
          // A refusal without words would look like a whole answer.
          if (finish?.reason === "refusal" && !refused) finish = { ...finish, reason: "content_filter" };
          closeMessage();
          const response = { ...started, ...writeEnd(finish, usage, output) };
          emit(`response.${response.status}`, { response });
          break;
        }
        case "error": {
          const { error } = writeError(event.error);
          const { message: text, code } = event.error;
          // What was said so far stays in the response. Half a tool call is left as it is: nobody may run it.
          message?.close("incomplete");
          message = undefined;
          // OpenAI sends the error nested; its reference has it flat. Clients exist for both, and for `response.failed`.
          emit("error", { error, message: text, code: code ?? null, param: event.error.param ?? null });
          const failure = { code: code ?? "server_error", message: text };
          emit("response.failed", {
            response: { ...(head ?? writeHead({}, context)), status: "failed", error: failure, output },
          });
          break;
        }
        case "ping":
          break;
      }
      return events;
    },
  };
}
