/** Reading a record: the flusher's half of the codec. Whatever is not a record of ours is refused here. */
import { zstdDecompressSync } from "node:zlib";
import * as z from "zod";
import {
  CLAIM_PREFIX,
  type ClaimPointer,
  HEAD_OFFSET_BYTES,
  LAYOUT_VERSION,
  RECORD_PREFIX,
} from "./encode.ts";
import { parseCallId, parseSpanId, parseTraceId } from "./ids.ts";
import {
  ANSWER_FORMATS,
  CAPTURE_MODES,
  ENDPOINTS,
  type ExchangeRecord,
  type OpenedRecord,
  RECORD_VERSION,
  type TraceRecord,
} from "./record.ts";

/**
 * Most bytes that one record may expand to: the largest request and the largest captured answer that a
 * config allows, and room for the head. It bounds what a forged message can make the flusher allocate.
 */
export const MAX_RECORD_BYTES = 80 * 1024 * 1024;

/** The message or object holds no record that this version can read. Retrying cannot help: park it. */
export class UndecodableRecordError extends Error {
  override readonly name = "UndecodableRecordError";
}

/** What a queue message turned out to be. */
export type DecodedMessage =
  | { readonly kind: "record"; readonly record: TraceRecord }
  | { readonly kind: "claim"; readonly pointer: ClaimPointer };

/** Reads the body of a queue message. Throws `UndecodableRecordError`. */
export function decodeMessage(body: string): DecodedMessage {
  if (body.startsWith(RECORD_PREFIX)) {
    return { kind: "record", record: decodeRecord(Buffer.from(body.slice(RECORD_PREFIX.length), "base64")) };
  }
  if (body.startsWith(CLAIM_PREFIX)) {
    return { kind: "claim", pointer: check(claimPointer, json(body.slice(CLAIM_PREFIX.length)), "claim") };
  }
  throw new UndecodableRecordError(
    "The message is not a Sluice record: its body starts with neither known prefix.",
  );
}

/** Reads what `encodeRecord` wrote. Throws `UndecodableRecordError`. */
export function decodeRecord(compressed: Uint8Array): TraceRecord {
  const bytes = decompress(compressed);
  const layout = bytes[0];
  if (layout !== LAYOUT_VERSION) {
    throw new UndecodableRecordError(
      `The record has layout ${layout}; this version reads ${LAYOUT_VERSION}.`,
    );
  }
  const bodiesAt =
    bytes.byteLength >= HEAD_OFFSET_BYTES ? HEAD_OFFSET_BYTES + bytes.readUInt32BE(1) : Infinity;
  if (bodiesAt > bytes.byteLength) {
    throw new UndecodableRecordError("The record ends inside its head.");
  }
  const head = checkHead(json(bytes.toString("utf8", HEAD_OFFSET_BYTES, bodiesAt)));
  const answerAt = bodiesAt + head.request.body;
  const end = answerAt + (head.kind === "exchange" ? (head.answer?.body ?? 0) : 0);
  if (end !== bytes.byteLength) {
    throw new UndecodableRecordError(`The record has ${bytes.byteLength} bytes; its head speaks of ${end}.`);
  }
  const request = { ...head.request, body: bytes.subarray(bodiesAt, answerAt) };
  if (head.kind === "opened") return { ...head, request };
  const { answer, ...rest } = head;
  return { ...rest, request, ...(answer && { answer: { ...answer, body: bytes.subarray(answerAt, end) } }) };
}

function checkHead(value: unknown): ExchangeHead | OpenedHead {
  const kind = typeof value === "object" && value !== null ? (value as { kind?: unknown }).kind : undefined;
  if (kind === "exchange" || kind === "opened")
    return check<ExchangeHead | OpenedHead>(heads[kind], value, "record");
  throw new UndecodableRecordError(
    `The record does not fit its schema at "kind": this version knows no ${String(kind)}.`,
  );
}

function decompress(compressed: Uint8Array): Buffer {
  try {
    return zstdDecompressSync(compressed, { maxOutputLength: MAX_RECORD_BYTES });
  } catch (cause) {
    throw new UndecodableRecordError("The record cannot be decompressed.", { cause });
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UndecodableRecordError("The record's head is not JSON.", { cause });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw new UndecodableRecordError(`The ${what} does not fit its schema at "${path}": ${issue?.message}.`);
}

/** A string that one of the id parsers accepts. */
function id<T extends string>(parse: (text: string) => T | undefined, what: string) {
  return z.custom<T>((value) => typeof value === "string" && parse(value) === value, `not a ${what}`);
}

const byteCount = z.int().nonnegative();
const timeMs = z.number().nonnegative();
const text = z.string();
/** An object taken as it is: `z.record` would leave out a caller's field named `__proto__`. */
const jsonObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "no JSON object",
);
const usd = z.string().regex(/^-?\d+(\.\d{1,12})?$/, "no amount of USD");

const claimPointer: z.ZodType<ClaimPointer> = z.object({
  key: text.regex(/^(claims|spill)\//),
  bytes: byteCount,
});

/** An opened record whose body is a length, as the head holds it. */
interface OpenedHead extends Omit<OpenedRecord, "request"> {
  readonly request: Omit<OpenedRecord["request"], "body"> & { readonly body: number };
}

/** An exchange record whose bodies are lengths, as the head holds it. */
interface ExchangeHead extends Omit<ExchangeRecord, "request" | "answer"> {
  readonly request: Omit<ExchangeRecord["request"], "body"> & { readonly body: number };
  readonly answer?: Omit<NonNullable<ExchangeRecord["answer"]>, "body"> & { readonly body: number };
}

const key = z.object({
  id: text,
  hash: text,
  alias: text,
  owner: text.exactOptional(),
  tenant: text.exactOptional(),
  environment: text.exactOptional(),
});

const trace = z.object({
  traceId: id(parseTraceId, "trace id"),
  spanId: id(parseSpanId, "span id"),
  parentSpanId: id(parseSpanId, "span id").exactOptional(),
  parentInProject: z.literal(true).exactOptional(),
  name: text.exactOptional(),
  spanName: text.exactOptional(),
  userId: text.exactOptional(),
  sessionId: text.exactOptional(),
  tags: z.array(text).exactOptional(),
  metadata: jsonObject.exactOptional(),
  feature: text.exactOptional(),
  tenant: text.exactOptional(),
  prompt: z.object({ name: text, version: z.int() }).exactOptional(),
  environment: text.exactOptional(),
  organization: text.exactOptional(),
  release: text.exactOptional(),
  version: text.exactOptional(),
  capture: z.enum(CAPTURE_MODES).exactOptional(),
  warnings: z.array(text).exactOptional(),
});

/** What every kind of record says of its call. */
const call = {
  version: z.literal(RECORD_VERSION),
  callId: id(parseCallId, "call id"),
  endpoint: z.enum(ENDPOINTS),
  streaming: z.boolean(),
  key,
  trace,
  requestedModel: text.exactOptional(),
  request: z.object({ contentType: text, body: byteCount }),
  passage: z.object({ method: text, path: text }).exactOptional(),
  drains: z.array(text).exactOptional(),
  capture: z.enum(CAPTURE_MODES).exactOptional(),
  accounts: z.array(
    z.object({
      ownerKind: z.enum(["key", "tenant"]),
      ownerId: text,
      periodId: text,
      hold: z.object({ bucket: byteCount, amountUsd: usd }).exactOptional(),
      budget: z.object({ limitUsd: usd, spentUsd: usd, resetsAtMs: timeMs.exactOptional() }).exactOptional(),
    }),
  ),
  caller: z.object({
    ip: text.exactOptional(),
    userAgent: text.exactOptional(),
    headers: z.record(text, text).exactOptional(),
  }),
  gatewayVersion: text,
};

const exchangeHead: z.ZodType<ExchangeHead> = z.object({
  ...call,
  kind: z.literal("exchange"),
  attempts: z.array(
    z.object({
      provider: text,
      model: text,
      startedAtMs: timeMs,
      headersAtMs: timeMs.exactOptional(),
      endedAtMs: timeMs,
      status: z.int().exactOptional(),
      error: z.object({ code: text, message: text }).exactOptional(),
    }),
  ),
  answer: z
    .object({
      status: z.int(),
      format: z.enum(ANSWER_FORMATS).exactOptional(),
      headers: z.record(text, text),
      body: byteCount,
      omittedBytes: byteCount,
    })
    .exactOptional(),
  outcome: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("answered") }),
    z.object({ kind: z.literal("refused"), status: z.int(), code: text, message: text }),
    z.object({ kind: z.literal("failed"), code: text, message: text }),
  ]),
  times: z.object({
    startedAtMs: timeMs,
    firstByteAtMs: timeMs.exactOptional(),
    endedAtMs: timeMs,
    overheadMs: timeMs,
  }),
  droppedParams: z.array(text).exactOptional(),
  cache: z.enum(["hit", "miss"]).exactOptional(),
});

const openedHead: z.ZodType<OpenedHead> = z.object({
  ...call,
  kind: z.literal("opened"),
  provider: text,
  model: text,
  startedAtMs: timeMs,
  deadlineAtMs: timeMs,
});

/** The head's schema for each kind of record; one that is not here is unknown to this version. */
const heads = { exchange: exchangeHead, opened: openedHead };
