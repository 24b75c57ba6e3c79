/** The events of a responses stream that a gateway must recognise. Everything else just passes. */
import type { SseFormat } from "../../sse-gate.ts";

/** What must be among an event's bytes, so that ordinary events are not looked at closer. */
const MARKS = ["response.completed", "response.failed", "response.incomplete", "[DONE]"].map((mark) =>
  Buffer.from(mark),
);
const TERMINAL = /^response\.(?:completed|failed|incomplete)$/;
const TERMINAL_LINE = /^event: ?response\.(?:completed|failed|incomplete)\s*$/m;
const DONE_LINE = /^data: ?\[DONE\]\s*$/m;
/** The type at the start of an event that is not whole; OpenAI writes it first, xAI after the number. */
const TERMINAL_START =
  /^data: ?\{\s*(?:"sequence_number"\s*:\s*\d+\s*,\s*)?"type"\s*:\s*"response\.(?:completed|failed|incomplete)"/m;

/**
 * A responses stream ends with `response.completed`, `response.failed` or `response.incomplete` (OpenAI API
 * reference, "Streaming events"), which holds the whole response and may be large. OpenRouter and others
 * send `[DONE]` after it, and a stream that has `[DONE]` alone ends there.
 */
export function responsesStreamFormat(): SseFormat {
  return { isTerminal };
}

function isTerminal(event: Buffer): boolean {
  if (!MARKS.some((mark) => event.includes(mark))) return false;
  const text = event.toString("utf8");
  // Not every provider names its events, and the official SDK goes by the type in the data.
  return TERMINAL_LINE.test(text) || DONE_LINE.test(text) || TERMINAL.test(typeOf(text) ?? "");
}

/** The `type` member of an event's data; of an event that is cut only when it stands at the start. */
function typeOf(event: string): string | undefined {
  const data = event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice("data:".length));
  try {
    const parsed: unknown = JSON.parse(data.join("\n"));
    if (typeof parsed !== "object" || parsed === null || !("type" in parsed)) return undefined;
    return typeof parsed.type === "string" ? parsed.type : undefined;
  } catch {
    return TERMINAL_START.test(event) ? "response.completed" : undefined;
  }
}
