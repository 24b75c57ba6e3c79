/** Puts a whole answer together from the events of a stream. */
import type { AnswerEvent, Block, BlockDelta, ModelAnswer } from "./answer.ts";

/**
 * The answer that the events tell. Undefined when they hold none: nothing came, an error came, or the end is missing, for
 * half an answer must not look like a whole one.
 */
export function foldEvents(events: readonly AnswerEvent[]): ModelAnswer | undefined {
  let answer: ModelAnswer = { blocks: [] };
  let open: Block | undefined;
  const blocks: Block[] = [];
  let ended = false;
  for (const event of events) {
    if (event.kind === "error") return undefined;
    if (event.kind === "start") answer = { ...answer, ...event.answer };
    else if (event.kind === "usage") answer = { ...answer, usage: event.usage };
    else if (event.kind === "finish") answer = { ...answer, finish: event.finish };
    else if (event.kind === "block_start") open = event.block;
    else if (event.kind === "delta" && open) open = grown(open, event.delta);
    else if (event.kind === "block_end" && open) {
      blocks.push(closed(open));
      open = undefined;
    } else if (event.kind === "end") ended = true;
  }
  return ended ? { ...answer, blocks } : undefined;
}

/** The block with the delta in it; a delta that does not fit the block changes nothing. */
function grown(block: Block, delta: BlockDelta): Block {
  switch (delta.kind) {
    case "text":
      return block.kind === "text" || block.kind === "refusal" || block.kind === "reasoning"
        ? { ...block, text: block.text + delta.text }
        : block;
    case "arguments":
      return block.kind === "tool_call" ? { ...block, arguments: block.arguments + delta.json } : block;
    case "signature":
      // Some providers cut a signature into pieces.
      return block.kind === "reasoning" || block.kind === "tool_call"
        ? { ...block, signature: (block.signature ?? "") + delta.signature }
        : block;
    case "encrypted":
      return block.kind === "reasoning"
        ? { ...block, encrypted: (block.encrypted ?? "") + delta.encrypted }
        : block;
    case "citation":
      return block.kind === "text"
        ? { ...block, citations: [...(block.citations ?? []), delta.citation] }
        : block;
    default:
      return block;
  }
}

function closed(block: Block): Block {
  return block.kind === "tool_call" && block.arguments.trim() === "" ? { ...block, arguments: "{}" } : block;
}
