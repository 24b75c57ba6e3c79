/** Reads the answer of Bedrock's Converse and ConverseStream into one assembled answer. */
import type { AnswerError, AssembledAnswer, Reading } from "../assembled.ts";
import { type AwsEventBody, looksLikeAwsEventStream, readAwsEventBody } from "../aws-event-stream/body.ts";
import { type AwsEvent, isFailureType } from "../aws-event-stream/event.ts";
import { looksLikeEventStream, readJsonBody } from "../body-text.ts";
import { asList, asObject, asText, type JsonObject, parseJson } from "../json-value.ts";
import { createSseReader } from "../sse/reader.ts";
import { createContentBlockFold } from "./content-blocks.ts";
import { findBedrockError, readBedrockErrorBody, readBedrockException } from "./error.ts";
import { converseChoice } from "./message.ts";
import { readConverseUsage } from "./usage.ts";

/** Fields of an answer that have a place of their own; all others go to the choice's `other`. */
const READ_FIELDS = new Set(["output", "stopReason", "usage", "serviceTier"]);

/**
 * Reads a body given in pieces of any size: JSON, a binary event stream, or its events as SSE. `status` is the answer's HTTP status: from 400 on the
 * body is an error. Converse names neither an id nor a model, but for the one that a prompt router chose. Never throws.
 */
export function assembleConverseAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  if (looksLikeAwsEventStream(pieces)) return readStream(readAwsEventBody(pieces));
  if (looksLikeEventStream(pieces)) return readStream(readSseBody(pieces));
  const read = readJsonBody(pieces);
  if (!read.ok) return read;
  const body = asObject(read.value);
  const message = asObject(asObject(body?.["output"])?.["message"]);
  if (status >= 400 || !body || !message) {
    const error = status >= 400 ? readBedrockErrorBody(read.value, status) : findBedrockError(read.value);
    return error
      ? { ok: true, value: { choices: [], error, warnings: [] } }
      : {
          ok: false,
          reason: "The body is JSON but no Converse answer: it has neither a message nor an error.",
        };
  }
  return { ok: true, value: answerOf(body, message) };
}

/** The answer of a body, which a stream has been brought into the shape of. */
function answerOf(body: JsonObject, message: JsonObject | undefined): AssembledAnswer {
  const rawUsage = asObject(body["usage"]);
  const usage = rawUsage && readConverseUsage(rawUsage);
  const model = asText(asObject(asObject(body["trace"])?.["promptRouter"])?.["invokedModelId"]);
  const serviceTier = asText(asObject(body["serviceTier"])?.["type"]);
  const role = asText(message?.["role"]);
  const stopReason = asText(body["stopReason"]);
  const other = Object.fromEntries(Object.entries(body).filter(([field]) => !READ_FIELDS.has(field)));
  return {
    ...(model !== undefined && { model }),
    ...(serviceTier !== undefined && { serviceTier }),
    choices: message
      ? [
          converseChoice({
            ...(role !== undefined && { role }),
            content: asList(message["content"]),
            ...(stopReason !== undefined && { stopReason }),
            other,
          }),
        ]
      : [],
    ...(usage && { usage }),
    ...(rawUsage && { rawUsage }),
    warnings: [],
  };
}

/** The events as Sluice gives them to callers of this format: framed as SSE, with the `:event-type` as `event`. */
function readSseBody(pieces: readonly Uint8Array[]): AwsEventBody {
  const reader = createSseReader();
  const events = pieces
    .flatMap((piece) => reader.feed(piece))
    .map(({ type, data }): AwsEvent => {
      return { kind: isFailureType(type) ? "failure" : "event", type, data };
    });
  return reader.end() ? { events, brokenOff: "The stream broke off inside an event." } : { events };
}

function readStream({ events, brokenOff }: AwsEventBody): Reading<AssembledAnswer> {
  const fold = createStreamFold();
  const unreadable = events.filter((event) => !fold.add(event)).length;
  const { answer, stopped } = fold.result();
  if (answer.choices.length === 0 && !answer.error && !answer.usage) {
    const reason = brokenOff ?? "The body is an event stream without an event of a Converse answer.";
    return { ok: false, reason };
  }
  const truncated = brokenOff ?? (stopped ? undefined : "The stream ended without messageStop.");
  return {
    ok: true,
    value: {
      ...answer,
      ...(truncated !== undefined && { truncated }),
      warnings: [
        ...(unreadable > 0 ? [`${unreadable} of ${events.length} stream events could not be read.`] : []),
        // Usage comes after the end of the message: a stream cut between the two looks whole to its reader.
        ...(stopped && !answer.usage ? ["The stream ended without metadata: its usage is unknown."] : []),
      ],
    },
  };
}

/** Collects the events of one stream. */
function createStreamFold() {
  const content = createContentBlockFold();
  const body: Record<string, unknown> = {};
  let role: string | undefined;
  let began = false;
  let stopped = false;
  let error: AnswerError | undefined;

  /** What an event says beside content, without the padding that hides lengths from eavesdroppers (`p`). */
  function keep(fields: JsonObject): void {
    const { p: _, ...told } = fields;
    Object.assign(body, told);
  }

  return {
    /** Whether the event could be read. One of an unknown type can. */
    add({ kind, type, data }: AwsEvent): boolean {
      const event = asObject(parseJson(data));
      if (kind === "failure") {
        error ??= readBedrockException(type, event ?? (data === "" ? {} : { message: data }));
        return true;
      }
      if (!event) return false;
      switch (type) {
        case "messageStart":
          role = asText(event["role"]);
          break;
        case "contentBlockStart":
          content.start(event);
          break;
        case "contentBlockDelta":
          content.delta(event);
          break;
        case "contentBlockStop":
          content.stop(event);
          break;
        case "messageStop":
          stopped = true;
          keep(event);
          break;
        case "metadata":
          keep(event);
          return true;
        default:
          keep({ [type]: event });
          return true;
      }
      began = true;
      return true;
    },
    result: () => ({
      stopped,
      answer: {
        ...answerOf(body, began ? { role, content: content.blocks() } : undefined),
        ...(error && { error }),
      },
    }),
  };
}
