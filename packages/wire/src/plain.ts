/** Reads the bodies of operations that have no conversation to put together: moderations, passages, and what is unknown here. */
import type { AssembledAnswer, AssembledRequest, Reading, TokenUsage } from "./assembled.ts";
import { looksLikeEventStream, readJsonBody } from "./body-text.ts";
import { asCount, asObject, asText, type JsonObject, parseJson } from "./json-value.ts";
import { mediaPlaceholder } from "./media-placeholder.ts";
import { looksLikeMultipart, readMultipart } from "./multipart.ts";
import { findError, readErrorBody } from "./openai/answer-error.ts";
import { readUsage } from "./openai/usage.ts";
import { createSseReader } from "./sse/reader.ts";

/** What stands elsewhere in a trace. */
const HEAD = new Set(["id", "model", "object", "usage"]);

/** Reads a request that is JSON or a form: everything but the model's name is input. Never throws. */
export function readPlainRequest(body: Uint8Array, contentType?: string): Reading<AssembledRequest> {
  const read = readFields(body, contentType);
  if (!read.ok) return read;
  const { model: named, trace: _, ...input } = asObject(read.value) ?? {};
  const model = asText(named);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      input: asObject(read.value) ? input : read.value,
      parameters: {},
    },
  };
}

/** Reads a request whose `input` is these fields; all others but the plumbing are settings. Never throws. */
export function readFieldsRequest(
  body: Uint8Array,
  contentType: string | undefined,
  inputFields: readonly string[],
): Reading<AssembledRequest> {
  const read = readFields(body, contentType);
  if (!read.ok) return read;
  const { model: named, user: userId, trace: _, stream: __, ...fields } = asObject(read.value) ?? {};
  const model = asText(named);
  const user = asText(userId);
  const pick = (wanted: boolean) =>
    Object.fromEntries(
      Object.entries(fields).filter(
        ([name, value]) => value !== null && inputFields.includes(name) === wanted,
      ),
    );
  const input = pick(true);
  const [only, ...more] = Object.values(input);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      ...(user !== undefined && { user }),
      input: more.length === 0 ? only : input,
      parameters: pick(false),
    },
  };
}

function readFields(body: Uint8Array, contentType: string | undefined): Reading<unknown> {
  return looksLikeMultipart(body, contentType) ? readMultipart(body, contentType) : readJsonBody([body]);
}

/**
 * Reads an answer: an error from status 400 on, else what it says, as output. Of an event stream the output is the list of its
 * events; a sound, image or other file is told by a placeholder. Never throws.
 */
export function readPlainAnswer(
  pieces: readonly Uint8Array[],
  status: number,
  contentType?: string,
): Reading<AssembledAnswer> {
  if (isFile(contentType)) {
    return { ok: true, value: { choices: [], output: mediaPlaceholder(pieces, contentType), warnings: [] } };
  }
  if (looksLikeEventStream(pieces)) return { ok: true, value: readEvents(pieces) };
  const read = readJsonBody(pieces);
  if (!read.ok) return read;
  if (status < 400) return { ok: true, value: describeBody(read.value) };
  const model = asText(asObject(read.value)?.["model"]);
  return {
    ok: true,
    value: {
      ...(model !== undefined && { model }),
      choices: [],
      error: readErrorBody(read.value, status),
      warnings: [],
    },
  };
}

/** Whether a content type tells of a file, which a trace does not show. */
export function isFile(contentType: string | undefined): boolean {
  return /^(?:audio|image|video|font)\/|^application\/(?:octet-stream|pdf|zip)\b/i.test(contentType ?? "");
}

/** What a JSON body says: its head, its usage, and all the rest as output. */
export function describeBody(body: unknown): AssembledAnswer {
  const object = asObject(body);
  if (!object) return { choices: [], ...(body !== null && { output: body }), warnings: [] };
  const id = asText(object["id"]);
  const model = asText(object["model"]);
  const createdAtS = asCount(object["created"]) ?? asCount(object["created_at"]);
  const error = findError(object);
  const output = Object.fromEntries(Object.entries(object).filter(([field]) => !HEAD.has(field)));
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(createdAtS !== undefined && { createdAtS }),
    choices: [],
    ...(Object.keys(output).length > 0 && { output }),
    ...usageOf(object),
    ...(error && { error }),
    warnings: [],
  };
}

/**
 * The usage of a body: `usage` (OpenAI, Jina, Together), or Cohere's `meta.tokens`. Searches and seconds, which some bill by,
 * are in the raw object alone (`meta.billed_units`, `usage.seconds`).
 */
export function usageOf(body: JsonObject): Pick<AssembledAnswer, "usage" | "rawUsage"> {
  const meta = asObject(body["meta"]);
  const raw = asObject(body["usage"]) ?? asObject(meta?.["billed_units"]) ?? asObject(meta?.["tokens"]);
  if (!raw) return {};
  const tokens = readUsage(raw) ?? readUsage(asObject(meta?.["tokens"]) ?? {});
  return { ...(tokens && { usage: withAudio(tokens, raw) }), rawUsage: raw };
}

/** OpenAI's transcriptions write `input_token_details`, where everything else writes `input_tokens_details`. */
function withAudio(usage: TokenUsage, raw: JsonObject): TokenUsage {
  const audio = asCount(asObject(raw["input_token_details"])?.["audio_tokens"]);
  return audio === undefined ? usage : { ...usage, inputAudioTokens: audio };
}

/** The data of each event of a stream: JSON, or the text that it is. */
export function readEventData(pieces: readonly Uint8Array[]): readonly unknown[] {
  const reader = createSseReader();
  const events = pieces.flatMap((piece) => reader.feed(piece));
  const last = reader.end();
  return [...events, ...(last ? [last] : [])]
    .map(({ data }) => data)
    .filter((data) => data.trim() !== "[DONE]")
    .map((data) => parseJson(data) ?? data);
}

function readEvents(pieces: readonly Uint8Array[]): AssembledAnswer {
  const events = readEventData(pieces);
  const objects = events.map(asObject).filter((event) => event !== undefined);
  const error = objects.map(findError).find((found) => found !== undefined);
  const usage = objects.map(usageOf).findLast(({ rawUsage }) => rawUsage !== undefined);
  return { choices: [], output: events, ...usage, ...(error && { error }), warnings: [] };
}
