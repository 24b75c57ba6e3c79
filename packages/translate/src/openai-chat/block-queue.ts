/**
 * Puts the blocks of a stream one after the other. A chat chunk may go on with any of its blocks: what belongs to a later
 * one is held back until the open one is complete.
 */
import { asObject, type OpenToolCall, parseJson } from "@sluice/wire";
import type { AnswerEvent, Block, BlockDelta } from "../answer.ts";

/** A block that has begun. */
export interface QueuedBlock {
  /** As its `block_start` tells it. */
  readonly opening: () => Block;
  /** Of a tool call: what came of it so far. */
  readonly call?: OpenToolCall;
  /** What was not told yet. */
  readonly deltas: BlockDelta[];
  opened: boolean;
}

/** The blocks of one stream. */
export interface BlockQueue {
  /** Begins a block, after all others. */
  add(opening: () => Block, call?: OpenToolCall): QueuedBlock;
  /** The block that began last, while more can be added to it. */
  last(): QueuedBlock | undefined;
  /** The block of a tool call; undefined when it has ended. */
  find(call: OpenToolCall): QueuedBlock | undefined;
  /** The events that can be told now; with `all` every block ends. */
  take(all: boolean): readonly AnswerEvent[];
}

/** A queue for one stream. */
export function createBlockQueue(): BlockQueue {
  const queue: QueuedBlock[] = [];

  function takeHead(head: QueuedBlock, all: boolean): { events: AnswerEvent[]; ended: boolean } {
    // A call's name may come after its id.
    if (!head.opened && !all && head.call && head.call.name === "") return { events: [], ended: false };
    const events: AnswerEvent[] = head.opened ? [] : [{ kind: "block_start", block: head.opening() }];
    head.opened = true;
    events.push(...head.deltas.splice(0).map((delta) => ({ kind: "delta", delta }) as const));
    const ended = all || (queue.length > 1 && isComplete(head));
    if (ended) events.push({ kind: "block_end" });
    return { events, ended };
  }

  return {
    add(opening, call) {
      const block: QueuedBlock = { opening, deltas: [], opened: false, ...(call && { call }) };
      queue.push(block);
      return block;
    },
    last: () => queue.at(-1),
    find: (call) => queue.find((block) => block.call === call),
    take(all) {
      const events: AnswerEvent[] = [];
      for (let head = queue[0]; head; head = queue[0]) {
        const taken = takeHead(head, all);
        events.push(...taken.events);
        if (!taken.ended) break;
        queue.shift();
      }
      return events;
    },
  };
}

/** Text ends where something else begins; a call ends when its arguments are whole, for calls may be interleaved. */
function isComplete({ call }: QueuedBlock): boolean {
  if (!call) return true;
  return call.arguments.trimEnd().endsWith("}") && asObject(parseJson(call.arguments)) !== undefined;
}
