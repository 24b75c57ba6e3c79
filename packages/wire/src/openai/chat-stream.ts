/** The two events of a chat completion stream that a gateway must recognise. Everything else just passes. */
import type { SseFormat } from "../sse-gate.ts";

const DONE = Buffer.from("[DONE]");
const CHOICES = Buffer.from('"choices"');
const [SPACE, COLON, OPEN, CLOSE] = [0x20, 0x3a, 0x5b, 0x5d];

/**
 * A chat stream ends with `data: [DONE]` (OpenAI API reference, "Streaming"). With `dropUsage` the chunk
 * that `stream_options.include_usage` adds is taken out: the one with usage and an empty `choices`.
 */
export function chatStreamFormat({ dropUsage }: { readonly dropUsage: boolean }): SseFormat {
  return dropUsage ? { isTerminal: isDone, isUnwanted: isUsageChunk } : { isTerminal: isDone };
}

function isDone(event: Buffer): boolean {
  // The marker is a line of its own; a longer event that speaks of "[DONE]" is content.
  return event.length < 64 && event.includes(DONE) && /^data: ?\[DONE\]\s*$/m.test(event.toString("latin1"));
}

/**
 * Azure's first chunk has an empty `choices` too, but no usage; some providers put usage beside the last
 * choice. Both must reach the caller.
 */
function isUsageChunk(event: Buffer): boolean {
  if (!hasEmptyChoices(event)) return false;
  const data = event
    .toString("utf8")
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length));
  try {
    const chunk: unknown = JSON.parse(data.join("\n"));
    if (typeof chunk !== "object" || chunk === null) return false;
    const { choices, usage } = chunk as { choices?: unknown; usage?: unknown };
    return Array.isArray(choices) && choices.length === 0 && typeof usage === "object" && usage !== null;
  } catch {
    return false; // Not JSON, so not the chunk we asked for: it passes, and the flusher reports it.
  }
}

/** Looks for `"choices":[]` among the bytes, so that ordinary chunks are not parsed. */
function hasEmptyChoices(event: Buffer): boolean {
  for (let found = event.indexOf(CHOICES); found >= 0; found = event.indexOf(CHOICES, found + 1)) {
    let at = skipSpace(event, found + CHOICES.length);
    if (event[at] !== COLON) continue;
    at = skipSpace(event, at + 1);
    if (event[at] === OPEN && event[skipSpace(event, at + 1)] === CLOSE) return true;
  }
  return false;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while ((bytes[at] ?? SPACE + 1) <= SPACE) at += 1;
  return at;
}
