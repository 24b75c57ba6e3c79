/** Fills in what providers leave out and every writer relies on: a `start` before everything else, an id for each tool call. */
import type { AnswerEvent, Block, ModelAnswer } from "./answer.ts";

/** The answer with an id for each of its tool calls. */
export function completed(answer: ModelAnswer, newCallId: () => string): ModelAnswer {
  return { ...answer, blocks: answer.blocks.map((block) => named(block, newCallId)) };
}

/** The same for one stream's events, in order; make one for each stream. */
export function createCompletion(
  newCallId: () => string,
): (events: readonly AnswerEvent[]) => readonly AnswerEvent[] {
  let started = false;
  return (events) =>
    events.flatMap((event) => {
      const complete: AnswerEvent =
        event.kind === "block_start" ? { ...event, block: named(event.block, newCallId) } : event;
      // A stream that begins with an error, or has not begun, needs no head.
      if (started || event.kind === "error" || event.kind === "ping") return [complete];
      started = true;
      return event.kind === "start" ? [complete] : [{ kind: "start", answer: {} }, complete];
    });
}

function named(block: Block, newCallId: () => string): Block {
  return block.kind === "tool_call" && block.id === "" ? { ...block, id: newCallId() } : block;
}
