/** Why an answer ended: Google's words ⇔ a conversation's (Gemini API reference, "FinishReason" and "BlockReason"). */
import type { Finish } from "../answer.ts";

/** Words for an answer that a filter stopped. */
const FILTERED = new Set([
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION",
  "MODEL_ARMOR",
  "JAILBREAK",
]);

/** The first values of the enum, for answers that give it as a number. */
const NUMBERS = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION"];

/** The reason. Gemini says `STOP` although it calls functions, so what the answer holds decides. */
export function readFinish(word: unknown, hasCalls: boolean): Finish | undefined {
  const raw = typeof word === "number" ? (NUMBERS[word] ?? String(word)) : word;
  if (typeof raw !== "string" || raw === "") return undefined;
  if (raw === "STOP") return { reason: hasCalls ? "tool_calls" : "stop", raw };
  if (raw === "MAX_TOKENS") return { reason: "length", raw };
  return { reason: FILTERED.has(raw) ? "content_filter" : "other", raw };
}

/** Google's word. The provider's own is kept where it is one of Google's. */
export function writeFinish({ reason, raw }: Finish): string {
  switch (reason) {
    case "stop":
    case "stop_sequence":
    case "tool_calls":
      return "STOP";
    case "length":
    case "context_length":
      return "MAX_TOKENS";
    case "content_filter":
      return raw !== undefined && FILTERED.has(raw) ? raw : "SAFETY";
    case "refusal":
      return "SAFETY";
    case "pause":
    case "other":
    default:
      return "OTHER";
  }
}
