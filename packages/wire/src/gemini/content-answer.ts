/** Reads the answers of Gemini's API and of Vertex AI: generateContent, its streams, and embeddings. */
import type { AnswerError, AssembledAnswer, Reading } from "../assembled.ts";
import { looksLikeEventStream, readJsonBody } from "../body-text.ts";
import { asCount, asList, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { createSseReader, type SseEvent } from "../sse/reader.ts";
import { findGeminiError, readGeminiErrorBody } from "./answer-error.ts";
import { type CandidateFold, createCandidateFold } from "./candidate.ts";
import { holdsEmbeddings, summariseEmbeddings } from "./embeddings-answer.ts";
import { readArrayElements } from "./json-array.ts";
import { member } from "./member.ts";
import { readGeminiUsage } from "./usage.ts";

/**
 * Reads a body given in pieces of any size: a stream of events, the list of chunks that comes when `alt=sse` is absent,
 * or one object. From status 400 on the body is an error, whatever its shape. Never throws.
 */
export function assembleGeminiAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  if (looksLikeEventStream(pieces)) return readEvents(pieces);
  const body = readJsonBody(pieces);
  if (!body.ok) return readBrokenList(pieces) ?? body;
  if (holdsEmbeddings(body.value)) return { ok: true, value: summariseEmbeddings(body.value) };
  const fold = createAnswerFold();
  for (const chunk of Array.isArray(body.value) ? body.value : [body.value]) fold.add(chunk);
  if (status >= 400) fold.fail(readGeminiErrorBody(body.value, status));
  if (!fold.hasContent()) {
    return {
      ok: false,
      reason: "The body is JSON but no answer of Gemini: it has neither candidates nor an error.",
    };
  }
  // A list is a stream; one object is whole however it ends.
  return { ok: true, value: fold.result(Array.isArray(body.value) ? fold.whyTruncated() : undefined) };
}

function readBrokenList(pieces: readonly Uint8Array[]): Reading<AssembledAnswer> | undefined {
  const list = readArrayElements(Buffer.concat(pieces).toString("utf8"));
  const fold = createAnswerFold();
  for (const chunk of list?.elements ?? []) fold.add(chunk);
  if (!fold.hasContent()) return undefined;
  return { ok: true, value: fold.result("The list of chunks broke off.") };
}

function readEvents(pieces: readonly Uint8Array[]): Reading<AssembledAnswer> {
  const reader = createSseReader();
  const fold = createAnswerFold();
  let events = 0;
  let unreadable = 0;

  function read({ data }: SseEvent): boolean {
    const chunk = parseJson(data);
    if (asObject(chunk)) fold.add(chunk);
    else if (Array.isArray(chunk)) for (const each of chunk) fold.add(each);
    else return data.trim() === "[DONE]";
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
  if (!fold.hasContent()) {
    return { ok: false, reason: "The body is an event stream without a chunk of an answer of Gemini." };
  }
  const warnings = unreadable === 0 ? [] : [`${unreadable} of ${events} stream events could not be read.`];
  const truncated = brokenOff ? "The stream broke off inside an event." : fold.whyTruncated();
  return { ok: true, value: fold.result(truncated, warnings) };
}

/** Collects chunks, or the one object of a JSON body. */
function createAnswerFold() {
  const candidates = new Map<number, CandidateFold>();
  let id: string | undefined;
  let model: string | undefined;
  let createdAtS: number | undefined;
  let rawUsage: JsonObject | undefined;
  let promptFeedback: JsonObject | undefined;
  let error: AnswerError | undefined;

  function whyBlocked(): string | undefined {
    const reason = asText(member(promptFeedback, "blockReason"));
    if (reason === undefined) return undefined;
    const message = asText(member(promptFeedback, "blockReasonMessage"));
    return `The prompt was blocked: ${reason}${message === undefined ? "." : ` (${message})`}`;
  }

  return {
    add(value: unknown): void {
      const chunk = asObject(value);
      if (!chunk) return;
      id ??= asText(member(chunk, "responseId"));
      model ??= asText(member(chunk, "modelVersion"));
      createdAtS ??= unixSeconds(member(chunk, "createTime"));
      asList(chunk["candidates"]).forEach((entry, position) => {
        const candidate = asObject(entry);
        if (!candidate) return;
        const index = asCount(candidate["index"]) ?? position;
        const fold = candidates.get(index) ?? createCandidateFold(index);
        candidates.set(index, fold);
        fold.add(candidate);
      });
      // The last chunk's counts hold as a whole: those before it count a part of the answer, and may name other kinds.
      const usage = asObject(member(chunk, "usageMetadata"));
      if (usage && readGeminiUsage(usage)) rawUsage = usage;
      promptFeedback = asObject(member(chunk, "promptFeedback")) ?? promptFeedback;
      error ??= findGeminiError(chunk);
    },
    fail(reason: AnswerError): void {
      error ??= reason;
    },
    hasContent: () => candidates.size > 0 || Boolean(error ?? promptFeedback ?? rawUsage),
    /** Why a stream is not whole: it has no end mark but the reason for which each candidate ended. */
    whyTruncated(): string | undefined {
      if (promptFeedback && candidates.size === 0) return undefined;
      const whole = candidates.size > 0 && candidates.values().every((candidate) => candidate.isFinished());
      return whole ? undefined : "The stream ended without a finish reason.";
    },
    result(truncated: string | undefined, warnings: readonly string[] = []): AssembledAnswer {
      const usage = rawUsage && readGeminiUsage(rawUsage);
      const serviceTier = asText(member(rawUsage, "serviceTier"));
      const why = whyBlocked() ?? truncated;
      return {
        ...(id !== undefined && { id }),
        ...(model !== undefined && { model }),
        ...(createdAtS !== undefined && { createdAtS }),
        ...(serviceTier !== undefined && { serviceTier }),
        choices: Array.from(candidates.values(), (candidate) => candidate.result()).sort(
          (a, b) => a.index - b.index,
        ),
        ...(promptFeedback && { promptFeedback }),
        ...(usage && { usage }),
        ...(rawUsage && { rawUsage }),
        ...(error && { error }),
        ...(why !== undefined && { truncated: why }),
        warnings,
      };
    },
  };
}

function unixSeconds(time: unknown): number | undefined {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
