/**
 * Passes an event stream on without reading it, but holds back what must wait: the event that ends the
 * answer, which may only leave once the trace is safe, and an event that is still arriving, so that
 * an answer that breaks off can be followed by an error event on a line of its own. It can also take out
 * an event that the caller did not ask for.
 */
import { createSseBoundaryScanner } from "./sse-boundaries.ts";

/** What the gate must know of a format. Both are given a whole event with its blank line, as bytes. */
export interface SseFormat {
  /**
   * Whether this event tells the client that the answer is complete. Of an event that outgrows
   * `MAX_HELD_EVENT_BYTES` it is asked with the start, since the last event of some formats repeats the answer.
   */
  isTerminal(event: Buffer): boolean;
  /** Whether this event is to be taken out. */
  isUnwanted?(event: Buffer): boolean;
}

/** A stream's gate. Use one for each stream. */
export interface SseGate {
  /** Takes the next bytes; returns those that may be passed on now, perhaps none. */
  push(chunk: Buffer): readonly Buffer[];
  /** The stream has ended: returns what was held back, complete or not. */
  end(): readonly Buffer[];
  /** Whether the terminal event has arrived. Everything since is held. */
  readonly terminated: boolean;
}

/** Longest event that is held until it is complete, bytes. A longer one passes through as it comes, unless it is terminal. */
export const MAX_HELD_EVENT_BYTES = 64 * 1024;

type Fate = "pass" | "drop" | "hold";

/** A gate for one stream of the format. */
export function createSseGate(format: SseFormat): SseGate {
  const boundariesOf = createSseBoundaryScanner();
  /** The event that is still arriving, and once the answer is complete everything from its terminal event on. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** The event that is still arriving has outgrown the limit: its bytes pass as they come. */
  let oversized = false;
  let terminated = false;
  let fate: Fate = "pass";

  const decide = (event: Buffer): Fate => {
    if (oversized) return "pass";
    if (format.isTerminal(event)) return "hold";
    return format.isUnwanted?.(event) ? "drop" : "pass";
  };

  const push = (chunk: Buffer): readonly Buffer[] => {
    if (terminated) {
      held.push(chunk);
      return [];
    }
    const out: Buffer[] = [];
    const pass = (from: number, to: number) => {
      if (to > from) out.push(chunk.subarray(from, to));
    };
    /** Start of the run of bytes that pass together, and of the event at hand. */
    let run = 0;
    let from = 0;
    for (const { end, late } of boundariesOf(chunk)) {
      const startedEarlier = held.length > 0;
      const event = startedEarlier
        ? Buffer.concat([...held, chunk.subarray(0, end)])
        : chunk.subarray(from, end);
      if (!late) fate = decide(event);
      if (fate === "hold") {
        pass(run, from);
        terminated = true;
        held = [event, chunk.subarray(end)];
        return out;
      }
      if (startedEarlier && fate === "pass") out.push(event);
      if (fate === "drop") pass(run, from);
      if (startedEarlier || fate === "drop") run = end;
      held = [];
      heldBytes = 0;
      oversized = false;
      from = end;
    }

    if (oversized) {
      pass(run, chunk.length);
      return out;
    }
    pass(run, from);
    if (from < chunk.length) held.push(chunk.subarray(from));
    heldBytes += chunk.length - from;
    if (heldBytes > MAX_HELD_EVENT_BYTES) {
      if (format.isTerminal(Buffer.concat(held))) {
        terminated = true;
        return out;
      }
      out.push(...held);
      held = [];
      oversized = true;
    }
    return out;
  };

  return {
    push,
    end: () => held,
    get terminated() {
      return terminated;
    },
  };
}
