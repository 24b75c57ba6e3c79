/**
 * Fills in what providers leave out and every writer relies on: a `start` before everything else, an id for each tool call,
 * and `{}` for arguments that the model did not write.
 */
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
  let argumentsMissing = false;

  function complete(event: AnswerEvent): readonly AnswerEvent[] {
    if (event.kind === "block_start") {
      const block = named(event.block, newCallId);
      argumentsMissing = block.kind === "tool_call" && block.arguments === "";
      return [{ ...event, block }];
    }
    if (event.kind === "delta" && event.delta.kind === "arguments" && event.delta.json.trim() !== "") {
      argumentsMissing = false;
    }
    if (event.kind !== "block_end" || !argumentsMissing) return [event];
    argumentsMissing = false;
    return [{ kind: "delta", delta: { kind: "arguments", json: "{}" } }, event];
  }

  return (events) =>
    events.flatMap((event) => {
      // A stream that begins with an error, or has not begun, needs no head.
      const headless = !started && event.kind !== "start" && event.kind !== "error" && event.kind !== "ping";
      started ||= headless || event.kind === "start";
      return headless ? [{ kind: "start", answer: {} }, ...complete(event)] : complete(event);
    });
}

function named(block: Block, newCallId: () => string): Block {
  return block.kind === "tool_call" && block.id === "" ? { ...block, id: newCallId() } : block;
}
