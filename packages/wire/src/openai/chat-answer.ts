/** Reads the answer of a chat completion, as JSON or as a stream, into one assembled answer. */
import type { AnswerError, AssembledAnswer, Reading } from "../assembled.ts";
import { looksLikeEventStream, readJsonBody } from "../body-text.ts";
import { asCount, asList, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { createSseReader, type SseEvent } from "../sse/reader.ts";
import { findError, readErrorBody } from "./answer-error.ts";
import { type ChoiceFold, createChoiceFold } from "./choice.ts";
import { findUsage, readUsage } from "./usage.ts";

/**
 * Reads a body given in pieces of any size. `status` is the answer's HTTP status: from 400 on the body is an
 * error, whatever its shape. Never throws.
 */
export function assembleChatAnswer(pieces: readonly Uint8Array[], status: number): Reading<AssembledAnswer> {
  return assembleChoices(pieces, status, { what: "chat completion", choice: (entry) => entry });
}

/** What tells the legacy completions from chat: the name, and the shape of an entry of `choices`. */
export interface ChoicesDialect {
  /** What a body is called where it is none. */
  readonly what: string;
  /** The entry in chat's shape. */
  readonly choice: (entry: JsonObject) => JsonObject;
}

/** `assembleChatAnswer` for an answer whose choices have another shape. */
export function assembleChoices(
  pieces: readonly Uint8Array[],
  status: number,
  dialect: ChoicesDialect,
): Reading<AssembledAnswer> {
  if (looksLikeEventStream(pieces)) return readStream(pieces, dialect);
  const body = readJsonBody(pieces);
  if (!body.ok) return body;
  const fold = createChatFold(dialect);
  // Gemini's OpenAI endpoint wraps errors in a list.
  for (const chunk of Array.isArray(body.value) ? body.value : [body.value]) fold.add(chunk);
  if (status >= 400) fold.fail(readErrorBody(body.value, status));
  const answer = fold.result();
  return answer.choices.length > 0 || answer.error || asObject(body.value)?.["choices"]
    ? { ok: true, value: answer }
    : { ok: false, reason: `The body is JSON but no ${dialect.what}: it has neither choices nor an error.` };
}

function readStream(pieces: readonly Uint8Array[], dialect: ChoicesDialect): Reading<AssembledAnswer> {
  const reader = createSseReader();
  const fold = createChatFold(dialect);
  let events = 0;
  let unreadable = 0;
  let done = false;

  function read(event: SseEvent): boolean {
    if (event.data.trim() === "[DONE]") {
      done = true;
      return true;
    }
    const chunk = asObject(parseJson(event.data));
    if (!chunk) return false;
    if (event.type === "error") fold.fail(readErrorBody(chunk, 200));
    fold.add(chunk);
    return true;
  }

  for (const piece of pieces) {
    for (const event of reader.feed(piece)) {
      events += 1;
      if (event.data.trim() !== "" && !read(event)) unreadable += 1;
    }
  }
  const last = reader.end();
  const brokenOff = last !== undefined && !read(last);
  const answer = fold.result();
  if (answer.choices.length === 0 && !answer.error && !answer.usage) {
    return { ok: false, reason: `The body is an event stream without a chunk of a ${dialect.what}.` };
  }
  const truncated = whyTruncated(brokenOff, done || fold.isFinished());
  return {
    ok: true,
    value: {
      ...answer,
      ...(truncated !== undefined && { truncated }),
      warnings: unreadable === 0 ? [] : [`${unreadable} of ${events} stream events could not be read.`],
    },
  };
}

/**
 * A stream is whole with its end marker, or, from providers that send none, when every choice has a finish
 * reason. Neither alone is asked for: some streams never give a reason, others never `[DONE]`.
 */
function whyTruncated(brokenOff: boolean, ended: boolean): string | undefined {
  if (brokenOff) return "The stream broke off inside an event.";
  return ended ? undefined : "The stream ended without [DONE] and without a finish reason.";
}

/** Collects chunks, or the one object of a JSON body, which is a chunk with a `message` for each `delta`. */
function createChatFold(dialect: ChoicesDialect) {
  const choices = new Map<number, ChoiceFold>();
  const head: {
    id?: string;
    model?: string;
    createdAtS?: number;
    serviceTier?: string;
    fingerprint?: string;
  } = {};
  let rawUsage: JsonObject | undefined;
  let error: AnswerError | undefined;

  return {
    add(value: unknown): void {
      const chunk = asObject(value);
      if (!chunk) return;
      // The first word counts: Groq changes the id from chunk to chunk, Azure leaves it empty at first.
      setFirst(head, "id", asText(chunk["id"]));
      setFirst(head, "model", asText(chunk["model"]));
      setFirst(head, "createdAtS", asCount(chunk["created"]) || undefined);
      setFirst(head, "serviceTier", asText(chunk["service_tier"]));
      setFirst(head, "fingerprint", asText(chunk["system_fingerprint"]));
      const entries = asList(chunk["choices"]).map(asObject);
      entries.forEach((entry, position) => {
        if (!entry) return;
        const index = asCount(entry["index"]) ?? position;
        const fold = choices.get(index) ?? createChoiceFold(index);
        choices.set(index, fold);
        fold.add(dialect.choice(entry));
      });
      // Counts are of the whole call so far (Perplexity repeats them in every chunk): the last ones hold.
      rawUsage = findUsage(chunk, entries[0]) ?? rawUsage;
      error ??= findError(chunk);
    },
    fail(reason: AnswerError): void {
      error ??= reason;
    },
    isFinished: () => choices.size > 0 && choices.values().every((choice) => choice.isFinished()),
    result(): AssembledAnswer {
      const usage = rawUsage && readUsage(rawUsage);
      const { fingerprint, ...named } = head;
      return {
        ...named,
        ...(fingerprint !== undefined && { systemFingerprint: fingerprint }),
        choices: Array.from(choices.values(), (choice) => choice.result()).sort((a, b) => a.index - b.index),
        ...(usage && { usage }),
        ...(rawUsage && { rawUsage }),
        ...(error && { error }),
        warnings: [],
      };
    },
  };
}

function setFirst<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (target[key] === undefined && value !== undefined) target[key] = value;
}
