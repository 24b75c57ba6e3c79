/**
 * Puts the blocks of a responses stream one after the other. Items may be worked on at the same time: what belongs to a later
 * one is held back until those before it are complete.
 */
import type { AnswerEvent, Block, BlockDelta } from "../answer.ts";

/** A block that has begun. */
interface Slot {
  readonly kind: Block["kind"];
  /** What was told, or would have been, of its text or arguments. */
  text: string;
  citations: number;
  ended: boolean;
  /** What waits for the slots before it. */
  readonly held: AnswerEvent[];
}

/** The blocks of one stream. Keys are the stream's own: an item's place, and a part's place in it. */
export interface BlockSlots {
  /** Begins a block, unless the key has one. */
  open(key: string, block: Block): void;
  /** Adds to the block; nothing when there is none, or it has ended. */
  add(key: string, delta: BlockDelta): void;
  /** Ends the block, after what `whole` has more than was told. Begins it first where it was never begun. */
  finish(key: string, whole: Block): void;
  /** Ends the block as it is. */
  close(key: string): void;
  /** Ends every block that is open. */
  closeAll(): void;
  /** The kind of each block so far. */
  kinds(): readonly Block["kind"][];
  /** The events since the last time. */
  take(): readonly AnswerEvent[];
}

/** The slots of one stream. */
export function createBlockSlots(): BlockSlots {
  const slots = new Map<string, Slot>();
  const waiting: Slot[] = [];
  let out: AnswerEvent[] = [];

  function tell(slot: Slot, event: AnswerEvent): void {
    (waiting[0] === slot ? out : slot.held).push(event);
  }

  function addTo(slot: Slot, delta: BlockDelta): void {
    if (slot.ended) return;
    if (delta.kind === "text") slot.text += delta.text;
    if (delta.kind === "arguments") slot.text += delta.json;
    if (delta.kind === "citation") slot.citations += 1;
    tell(slot, { kind: "delta", delta });
  }

  function closeSlot(slot: Slot): void {
    if (slot.ended) return;
    tell(slot, { kind: "block_end" });
    slot.ended = true;
    while (waiting[0]?.ended) {
      waiting.shift();
      out.push(...(waiting[0]?.held.splice(0) ?? []));
    }
  }

  function openSlot(key: string, block: Block): Slot {
    const slot: Slot = { kind: block.kind, text: "", citations: 0, ended: false, held: [] };
    slots.set(key, slot);
    waiting.push(slot);
    tell(slot, { kind: "block_start", block });
    return slot;
  }

  return {
    open(key, block) {
      if (!slots.has(key)) openSlot(key, block);
    },
    add(key, delta) {
      const slot = slots.get(key);
      if (slot) addTo(slot, delta);
    },
    finish(key, whole) {
      const slot = slots.get(key) ?? openSlot(key, opening(whole));
      if (slot.kind === whole.kind) for (const delta of missing(slot, whole)) addTo(slot, delta);
      closeSlot(slot);
    },
    close(key) {
      const slot = slots.get(key);
      if (slot) closeSlot(slot);
    },
    closeAll() {
      for (let first = waiting[0]; first; first = waiting[0]) closeSlot(first);
    },
    kinds: () => Array.from(slots.values(), ({ kind }) => kind),
    take() {
      const events = out;
      out = [];
      return events;
    },
  };
}

/** The block as far as it is known when it begins: what grows is empty. */
export function opening(block: Block): Block {
  switch (block.kind) {
    case "text":
    case "refusal":
      return { kind: block.kind, text: "" };
    case "reasoning":
      // The encrypted form in an item's beginning is another than the one in its end, which counts.
      return {
        kind: "reasoning",
        text: "",
        ...(block.id !== undefined && { id: block.id }),
        ...(block.origin !== undefined && { origin: block.origin }),
      };
    case "tool_call":
      return { ...block, arguments: "" };
    case "image":
    case "server_tool":
    default:
      return block;
  }
}

/** What the whole block has more than was told. */
function missing(slot: Slot, whole: Block): readonly BlockDelta[] {
  const rest = (text: string) => (text.startsWith(slot.text) ? text.slice(slot.text.length) : "");
  switch (whole.kind) {
    case "text":
      return [
        ...textDelta(rest(whole.text)),
        ...(whole.citations ?? [])
          .slice(slot.citations)
          .map((citation) => ({ kind: "citation", citation }) as const),
      ];
    case "refusal":
      return textDelta(rest(whole.text));
    case "reasoning":
      return [
        ...textDelta(rest(whole.text)),
        ...(whole.signature === undefined
          ? []
          : [{ kind: "signature", signature: whole.signature } as const]),
        ...(whole.encrypted === undefined
          ? []
          : [{ kind: "encrypted", encrypted: whole.encrypted } as const]),
      ];
    case "tool_call": {
      const json = rest(whole.arguments);
      return json === "" ? [] : [{ kind: "arguments", json }];
    }
    case "image":
    case "server_tool":
    default:
      return [];
  }
}

function textDelta(text: string): readonly BlockDelta[] {
  return text === "" ? [] : [{ kind: "text", text }];
}
