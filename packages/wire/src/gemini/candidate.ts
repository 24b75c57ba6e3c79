/** Puts one candidate of a generateContent answer together, from the chunks of a stream or a whole one. */
import type { Choice } from "../assembled.ts";
import { asList, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { createFunctionCallFold, type FunctionCall } from "./function-calls.ts";
import { member } from "./member.ts";

/** OpenRouter's name for the origin of thinking, as in every `reasoningDetails` of ours. */
const REASONING_FORMAT = "google-gemini-v1";

/** Collects one candidate. */
export interface CandidateFold {
  /** Adds an entry of `candidates`. */
  add(candidate: JsonObject): void;
  /** Whether the provider said why it stopped. */
  isFinished(): boolean;
  /** The candidate so far, as a choice. */
  result(): Choice;
}

/** Fields of a candidate that have a place of their own in `Choice`; all others go to `other`. */
const READ_FIELDS = new Set(["content", "finishReason", "finish_reason", "index", "logprobsResult"]);

/** A collector for the candidate with this index. */
export function createCandidateFold(index: number): CandidateFold {
  const functionCalls = createFunctionCallFold();
  const details: Record<string, unknown>[] = [];
  const parts: unknown[] = [];
  /** The content in order; a number stands for the function call at that position. */
  const blocks: (JsonObject | number)[] = [];
  const other: Record<string, unknown> = {};
  let text = "";
  let reasoning = "";
  let finishReason: string | undefined;
  const logprobTokens: unknown[] = [];

  function addThought(thought: string, signature: string | undefined): void {
    reasoning += thought;
    const last = details.at(-1);
    const signed = signature === undefined ? {} : { signature };
    if (last?.["type"] === "reasoning.text" && last["signature"] === undefined) {
      Object.assign(last, { text: `${String(last["text"])}${thought}`, ...signed });
    } else {
      details.push({ type: "reasoning.text", text: thought, ...signed, format: REASONING_FORMAT });
    }
  }

  function addSignature(signature: string | undefined, callId?: string): void {
    if (signature === undefined) return;
    const id = callId === undefined ? {} : { id: callId };
    details.push({ type: "reasoning.encrypted", data: signature, ...id, format: REASONING_FORMAT });
  }

  function addPart(value: unknown): void {
    const part = asObject(value);
    const signature = asText(member(part, "thoughtSignature"));
    const functionCall = asObject(member(part, "functionCall"));
    if (part && typeof part["text"] === "string") {
      addTextBlock(part, part["text"]);
      if (part["thought"] === true) {
        addThought(part["text"], signature);
      } else {
        text += part["text"];
        addSignature(signature);
      }
    } else if (functionCall) {
      const at = functionCalls.add(functionCall, signature);
      if (!blocks.includes(at)) blocks.push(at);
      addSignature(signature, asText(functionCall["id"]));
    } else {
      parts.push(value);
      if (part) blocks.push(part);
    }
  }

  /** Pieces of one text become one block, up to the piece that is signed. */
  function addTextBlock(part: JsonObject, piece: string): void {
    const last = blocks.at(-1);
    const goesOn =
      typeof last === "object" &&
      typeof last["text"] === "string" &&
      last["thought"] === part["thought"] &&
      member(last, "thoughtSignature") === undefined;
    if (goesOn) blocks[blocks.length - 1] = { ...last, ...part, text: `${String(last["text"])}${piece}` };
    else if (piece !== "" || member(part, "thoughtSignature") !== undefined) blocks.push(part);
  }

  return {
    add(candidate) {
      for (const part of asList(asObject(candidate["content"])?.["parts"])) addPart(part);
      const finish = member(candidate, "finishReason");
      // A number where the request asked for enums as numbers; it is the provider's word all the same.
      if (typeof finish === "string" || typeof finish === "number") finishReason = String(finish);
      const chosen = asList(asObject(candidate["logprobsResult"])?.["chosenCandidates"]);
      logprobTokens.push(...chosen);
      for (const [field, value] of Object.entries(candidate)) {
        if (!READ_FIELDS.has(field)) join(other, field, value);
      }
    },
    isFinished: () => finishReason !== undefined,
    result() {
      const calls = functionCalls.calls();
      return {
        index,
        role: "assistant",
        text,
        reasoning,
        reasoningDetails: details,
        toolCalls: calls.map(({ id, name, arguments: args }) => ({
          ...(id !== undefined && { id }),
          type: "function",
          name,
          arguments: args,
        })),
        parts,
        blocks: blocks.flatMap((block): readonly JsonObject[] =>
          typeof block === "number" ? asPart(calls[block]) : [block],
        ),
        ...(finishReason !== undefined && { finishReason }),
        logprobs: logprobTokens.length,
        ...(logprobTokens.length > 0 && { logprobTokens }),
        other,
      };
    },
  };
}

function asPart(call: FunctionCall | undefined): JsonObject[] {
  if (!call) return [];
  const { id, name, arguments: args, signature } = call;
  const functionCall = { ...(id !== undefined && { id }), name, args: parseJson(args) };
  return [{ functionCall, ...(signature !== undefined && { thoughtSignature: signature }) }];
}

/** Of an object the last word on each member counts: a late, empty `groundingMetadata` takes nothing away. */
function join(fields: Record<string, unknown>, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const before = asObject(fields[name]);
  const object = asObject(value);
  // Object.defineProperty, because a field may be called `__proto__`.
  Object.defineProperty(fields, name, {
    value: before && object ? { ...before, ...object } : value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
