/** Reads the answer of Bedrock's InvokeModel and InvokeModelWithResponseStream. Its body is the model's own format. */
import { assembleMessagesAnswer } from "../anthropic/messages-answer.ts";
import type { AssembledAnswer, Choice, Reading } from "../assembled.ts";
import { looksLikeAwsEventStream, readAwsEventBody } from "../aws-event-stream/body.ts";
import { readJsonBody } from "../body-text.ts";
import { asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { readPlainAnswer } from "../plain.ts";
import { findBedrockError, readBedrockErrorBody, readBedrockException } from "./error.ts";
import { invokeEventAsSse } from "./invoke-stream.ts";

/**
 * Reads a body given in pieces of any size, JSON or binary event stream. Anthropic's messages and its text completions are put
 * together; of the other families only errors are read, since each has a format of its own. Never throws.
 */
export function assembleInvokeAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  if (looksLikeAwsEventStream(pieces)) return readStream(pieces);
  const read = readJsonBody(pieces);
  if (!read.ok) return read;
  if (status >= 400) {
    return {
      ok: true,
      value: { choices: [], error: readBedrockErrorBody(read.value, status), warnings: [] },
    };
  }
  const body = asObject(read.value);
  if (body?.["type"] === "message" || body?.["type"] === "error")
    return assembleMessagesAnswer(pieces, status);
  if (typeof body?.["completion"] === "string") return { ok: true, value: completionAnswer([body]) };
  const error = body && Object.keys(body).length === 1 ? findBedrockError(body) : undefined;
  if (error) return { ok: true, value: { choices: [], error, warnings: [] } };
  return readPlainAnswer(pieces, status);
}

function readStream(pieces: readonly Uint8Array[]): Reading<AssembledAnswer> {
  const { events, brokenOff } = readAwsEventBody(pieces);
  const chunks = events
    .filter(({ kind }) => kind === "event")
    .map((event) => asObject(parseJson(chunkJson(event.data))))
    .filter((chunk) => chunk !== undefined);
  const failure = events.find(({ kind }) => kind === "failure");
  const error = failure && readBedrockException(failure.type, asObject(parseJson(failure.data)) ?? {});
  const answer = readChunks(chunks, Buffer.from(events.map(invokeEventAsSse).join("")));
  if (!answer.ok) {
    if (!error) return { ok: false, reason: brokenOff ?? answer.reason };
    return { ok: true, value: { choices: [], error, warnings: [] } };
  }
  const { value } = answer;
  return {
    ok: true,
    value: {
      ...value,
      ...(error && { error }),
      ...(brokenOff !== undefined && { truncated: brokenOff }),
      warnings: [
        ...value.warnings,
        ...unreadable(events.length - chunks.length - (failure ? 1 : 0), events.length),
      ],
    },
  };
}

function readChunks(chunks: readonly JsonObject[], sse: Buffer): Reading<AssembledAnswer> {
  if (chunks.some((chunk) => typeof chunk["completion"] === "string")) {
    return { ok: true, value: completionAnswer(chunks) };
  }
  if (chunks.every((chunk) => chunk["type"] === undefined)) {
    return { ok: false, reason: "The stream is of a model family whose format is not read." };
  }
  return assembleMessagesAnswer([sse], 200);
}

function chunkJson(data: string): string {
  return Buffer.from(asText(asObject(parseJson(data))?.["bytes"]) ?? "", "base64").toString("utf8");
}

function unreadable(count: number, of: number): readonly string[] {
  return count > 0 ? [`${count} of ${of} stream events could not be read.`] : [];
}

/** Anthropic's text completions, which Bedrock still offers for Claude 2: whole, or in pieces that all have the same fields. */
function completionAnswer(pieces: readonly JsonObject[]): AssembledAnswer {
  const finishReason = pieces
    .map((piece) => asText(piece["stop_reason"]))
    .findLast((reason) => reason !== undefined);
  const choice: Choice = {
    index: 0,
    role: "assistant",
    text: pieces.map((piece) => asText(piece["completion"]) ?? "").join(""),
    reasoning: "",
    reasoningDetails: [],
    toolCalls: [],
    parts: [],
    ...(finishReason !== undefined && { finishReason }),
    logprobs: 0,
    other: {},
  };
  return { choices: [choice], warnings: [] };
}
