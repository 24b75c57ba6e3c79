/** Writes a turn of the model's, with the signatures where the model had put them. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Part, Reasoning, ToolCall, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ModelFamily } from "./model-family.ts";
import { idOf, noteCache, writePart } from "./write-part.ts";

const FORMAT = "gemini-generate-content";

/**
 * Stands for the signature of a call that another provider's model made, or an app: a model of generation 3 refuses a
 * call without one (Gemini API documentation, "Thought Signatures", FAQ).
 */
const NO_SIGNATURE = "skip_thought_signature_validator";

/** The parts of the turn. Reasoning that another provider made is left out, with a note. */
export function writeModelTurn(
  turn: Turn,
  path: string,
  family: ModelFamily,
  note: Note,
): readonly JsonObject[] {
  const signatures = signaturesOfCalls(turn.parts);
  const written: JsonObject[] = [];
  let pending: string | undefined;
  let calls = 0;

  function push(part: JsonObject): void {
    const signed = pending !== undefined && !("thoughtSignature" in part);
    written.push(signed ? { ...part, thoughtSignature: pending } : part);
    if (signed) pending = undefined;
  }

  function addReasoning({ id, text, signature, encrypted }: Reasoning): void {
    // One that was given under a call's id stands with the call.
    const own = id !== undefined && signatures.has(id) ? undefined : (signature ?? encrypted);
    const last = written.at(-1);
    if (text !== "") {
      written.push({ text, thought: true, ...(own !== undefined && { thoughtSignature: own }) });
    } else if (own !== undefined && last && isUnsignedText(last)) {
      written[written.length - 1] = { ...last, thoughtSignature: own };
    } else {
      pending = own ?? pending;
    }
  }

  turn.parts.forEach((part, at) => {
    const field = `${path}.content[${at}]`;
    if (part.kind === "reasoning") {
      if (part.origin === FORMAT) addReasoning(part);
      else {
        const reason = "Gemini cannot read reasoning that another provider made.";
        note({ field, reason, weight: "hint" });
      }
    } else if (part.kind === "tool_call") {
      noteCache(part, field, note);
      push(
        writeCall(part, signatures.get(part.id), calls === 0 && family.thinkingLevels, pending, field, note),
      );
      calls += 1;
    } else {
      for (const each of writePart(part, field, note)) push(each);
    }
  });
  // A stream gives the signature of a text after it, in a part without text: it may come back in one.
  if (pending !== undefined) written.push({ text: "", thoughtSignature: pending });
  return written;
}

function isUnsignedText(part: JsonObject): boolean {
  return "text" in part && !("thought" in part) && !("thoughtSignature" in part);
}

/** Signatures that clients send back apart from the call, under its id (OpenRouter's `reasoning_details`). */
function signaturesOfCalls(parts: readonly Part[]): ReadonlyMap<string, string> {
  const ids = new Set(parts.flatMap((part) => (part.kind === "tool_call" ? [part.id] : [])));
  const found = new Map<string, string>();
  for (const part of parts) {
    if (part.kind !== "reasoning" || part.origin !== FORMAT || part.id === undefined) continue;
    const signature = part.encrypted ?? part.signature;
    if (ids.has(part.id) && signature !== undefined) found.set(part.id, signature);
  }
  return found;
}

function writeCall(
  call: ToolCall,
  apart: string | undefined,
  mustBeSigned: boolean,
  pending: string | undefined,
  field: string,
  note: Note,
): JsonObject {
  const args = asObject(parseJson(call.arguments));
  if (!args) {
    note({
      field: `${field}.arguments`,
      reason: "The arguments are no JSON object; Gemini gets them as one text named arguments.",
      weight: "hint",
    });
  }
  const functionCall = { ...idOf(call.id), name: call.name, args: args ?? { arguments: call.arguments } };
  const signature = call.signature ?? apart;
  if (signature !== undefined) return { functionCall, thoughtSignature: signature };
  return mustBeSigned && pending === undefined
    ? { functionCall, thoughtSignature: NO_SIGNATURE }
    : { functionCall };
}
