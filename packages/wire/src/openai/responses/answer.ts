/** Reads the answer of the responses endpoint, as JSON or as a stream, into one assembled answer. */
import type { AssembledAnswer, Reading } from "../../assembled.ts";
import { looksLikeEventStream, readJsonBody } from "../../body-text.ts";
import { asCount, asList, asObject, asText, type JsonObject, parseJson } from "../../json-value.ts";
import { createSseReader, type SseEvent } from "../../sse/reader.ts";
import { findError, readErrorBody } from "../answer-error.ts";
import { readUsage } from "../usage.ts";
import { readOutput } from "./output-choice.ts";
import { createResponseFold } from "./response-fold.ts";
import { countWebSearches } from "./web-searches.ts";

/**
 * Reads a body given in pieces of any size. `status` is the answer's HTTP status: from 400 on the body is an
 * error, whatever its shape. Never throws.
 */
export function assembleResponsesAnswer(
  pieces: readonly Uint8Array[],
  status: number,
): Reading<AssembledAnswer> {
  if (looksLikeEventStream(pieces)) return readStream(pieces);
  const body = readJsonBody(pieces);
  if (!body.ok) return body;
  const error = status >= 400 ? readErrorBody(body.value, status) : findError(body.value);
  const response = asObject(body.value);
  if (!error && !Array.isArray(response?.["output"]) && response?.["object"] !== "response") {
    return { ok: false, reason: "The body is JSON but no response: it has neither output nor an error." };
  }
  return { ok: true, value: { ...describe(response ?? {}), ...(error && { error }), warnings: [] } };
}

function readStream(pieces: readonly Uint8Array[]): Reading<AssembledAnswer> {
  const reader = createSseReader();
  const fold = createResponseFold();
  let events = 0;
  let unreadable = 0;
  let done = false;

  function read(event: SseEvent): boolean {
    if (event.data.trim() === "[DONE]") {
      done = true;
      return true;
    }
    const data = asObject(parseJson(event.data));
    if (data) fold.add(data, event.type);
    return data !== undefined;
  }

  for (const piece of pieces) {
    for (const event of reader.feed(piece)) {
      events += 1;
      if (event.data.trim() !== "" && !read(event)) unreadable += 1;
    }
  }
  const last = reader.end();
  const brokenOff = last !== undefined && !read(last);
  const response = fold.response();
  const { error } = fold;
  if (!response && !error) {
    return { ok: false, reason: "The body is an event stream without an event of a response." };
  }
  const truncated = whyTruncated(brokenOff, done || fold.ended);
  return {
    ok: true,
    value: {
      ...describe(response ?? {}),
      ...(error && { error }),
      ...(truncated !== undefined && { truncated }),
      warnings: unreadable === 0 ? [] : [`${unreadable} of ${events} stream events could not be read.`],
    },
  };
}

function whyTruncated(brokenOff: boolean, ended: boolean): string | undefined {
  if (ended) return undefined;
  return brokenOff
    ? "The stream broke off inside an event."
    : "The stream ended without response.completed, response.failed or response.incomplete.";
}

function describe(response: JsonObject): Omit<AssembledAnswer, "warnings"> {
  const id = asText(response["id"]);
  const model = asText(response["model"]);
  const createdAtS = asCount(response["created_at"]);
  const serviceTier = asText(response["service_tier"]);
  const rawUsage = asObject(response["usage"]);
  const webSearches = countWebSearches(asList(response["output"]));
  const usage = rawUsage && readUsage(rawUsage);
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(createdAtS !== undefined && { createdAtS }),
    ...(serviceTier !== undefined && { serviceTier }),
    choices: Array.isArray(response["output"]) ? [readOutput(asList(response["output"]), response)] : [],
    ...(usage && { usage }),
    ...(usage && rawUsage && { rawUsage }),
    ...(webSearches > 0 && { webSearches }),
  };
}
