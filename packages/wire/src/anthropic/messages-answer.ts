/** Reads the answer of Anthropic's messages, as JSON or as a stream, into one assembled answer. */
import type { AnswerError, AssembledAnswer, Reading } from "../assembled.ts";
import { looksLikeEventStream, readJsonBody } from "../body-text.ts";
import { asCount, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { findError, readErrorBody } from "../openai/answer-error.ts";
import { createSseReader } from "../sse/reader.ts";
import { blockIndex, createMessageFold, type MessageFold } from "./message-fold.ts";

/**
 * Reads a body given in pieces of any size. `status` is the answer's HTTP status: from 400 on the body is an
 * error, whatever its shape. Never throws.
 */
export function assembleMessagesAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  if (looksLikeEventStream(pieces)) return readStream(pieces, status);
  const body = readJsonBody(pieces);
  if (!body.ok) return body;
  const message = asObject(body.value) ?? {};
  const fold = createMessageFold();
  const error = status >= 400 ? readErrorBody(body.value, status) : findError(body.value);
  if (error) fold.fail({ ...error, raw: body.value });
  else if ("content" in message || message["type"] === "message") fold.addMessage(message);
  else return { ok: false, reason: "The body is JSON but no message: it has neither content nor an error." };
  return { ok: true, value: fold.result() };
}

/** Reads the answer of `messages.count_tokens`: a number, or an error. Never throws. */
export function assembleCountTokensAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  const body = readJsonBody(pieces);
  if (!body.ok) return body;
  const error = status >= 400 ? readErrorBody(body.value, status) : findError(body.value);
  if (error) return { ok: true, value: { choices: [], error: { ...error, raw: body.value }, warnings: [] } };
  const countedInputTokens = asCount(asObject(body.value)?.["input_tokens"]);
  if (countedInputTokens === undefined) {
    return { ok: false, reason: "The body is JSON but no token count: it has no input_tokens." };
  }
  return { ok: true, value: { choices: [], countedInputTokens, warnings: [] } };
}

function readStream(pieces: readonly Uint8Array[], status: number): Reading<AssembledAnswer> {
  const reader = createSseReader();
  const fold = createMessageFold();
  const tally = { events: 0, unreadable: 0, unknown: 0, stopped: false };

  const read = (type: string, data: string): boolean => {
    const event = asObject(parseJson(data));
    if (!event) return false;
    readEvent(asText(event["type"]) ?? type, event, fold, tally);
    return true;
  };

  for (const piece of pieces) {
    for (const { type, data } of reader.feed(piece)) {
      tally.events += 1;
      // Some imitations end with OpenAI's marker.
      if (data.trim() !== "" && data.trim() !== "[DONE]" && !read(type, data)) tally.unreadable += 1;
    }
  }
  const last = reader.end();
  const brokenOff = last !== undefined && last.data.trim() !== "" && !read(last.type, last.data);
  if (status >= 400) fold.fail({ message: `The provider answered with status ${status}.`, raw: null });
  const answer = fold.result();
  if (!fold.hasBegun() && !answer.error) {
    return { ok: false, reason: "The body is an event stream without an event of a message." };
  }
  const truncated = whyTruncated(brokenOff, tally.stopped || fold.isFinished());
  return {
    ok: true,
    value: { ...answer, ...(truncated !== undefined && { truncated }), warnings: warningsOf(tally) },
  };
}

interface Tally {
  events: number;
  unreadable: number;
  unknown: number;
  stopped: boolean;
}

function readEvent(type: string, event: JsonObject, fold: MessageFold, tally: Tally): void {
  switch (type) {
    case "message_start":
      fold.addMessage(asObject(event["message"]) ?? {});
      return;
    case "content_block_start":
      fold.startBlock(blockIndex(event), asObject(event["content_block"]) ?? { type: "unknown" });
      return;
    case "content_block_delta":
      if (!fold.addDelta(blockIndex(event), asObject(event["delta"]) ?? {})) tally.unknown += 1;
      return;
    case "message_delta":
      fold.addMessageDelta(event);
      return;
    case "message_stop":
      tally.stopped = true;
      return;
    case "content_block_stop":
    case "ping":
      return;
    case "error":
      fold.fail(streamError(event));
      return;
    default: {
      const error = findError(event);
      if (error) fold.fail({ ...error, raw: event });
      else tally.unknown += 1;
    }
  }
}

/** An error event is one whatever it says. */
function streamError(event: JsonObject): AnswerError {
  const error = findError(event) ?? { message: asText(event["message"]) ?? "The stream told of an error." };
  return { ...error, raw: event };
}

/** A stream is whole with `message_stop`, or, where a proxy left it out, with a reason to stop. */
function whyTruncated(brokenOff: boolean, ended: boolean): string | undefined {
  if (brokenOff) return "The stream broke off inside an event.";
  return ended ? undefined : "The stream ended without message_stop and without a stop reason.";
}

function warningsOf({ events, unreadable, unknown }: Tally): readonly string[] {
  return [
    ...(unreadable > 0 ? [`${unreadable} of ${events} stream events could not be read.`] : []),
    ...(unknown > 0 ? [`${unknown} of ${events} stream events are of an unknown kind.`] : []),
  ];
}
