/** Records of calls, as the gateway writes them. */
import {
  type Answer,
  type CallId,
  type ExchangeRecord,
  encodeRecord,
  packRecord,
  parseCallId,
  RECORD_VERSION,
  type SpanId,
  type TraceId,
} from "@sluice/trace";
import { completion } from "./chat-bodies.ts";

/** The text as a branded id; tests write their ids by hand. */
export const traceId = (text: string) => text as TraceId;
export const spanId = (text: string) => text as SpanId;

/** An answer with status 200. */
export function answer(body: Uint8Array | string, fields: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: Buffer.from(body as string),
    omittedBytes: 0,
    ...fields,
  };
}

/** What a chat request looks like on the wire. */
export const CHAT_REQUEST = {
  model: "gpt-4o",
  messages: [{ role: "user", content: "Say hello" }],
  temperature: 0.5,
};

/** A record of a chat completion that went well, with the fields changed that a test is about. */
export function chatRecord(fields: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    version: RECORD_VERSION,
    kind: "exchange",
    callId: `req_${"a".repeat(32)}` as CallId,
    endpoint: "chat.completions",
    streaming: false,
    key: { id: "key_1", hash: "f".repeat(64), alias: "ci" },
    trace: { traceId: traceId("1".repeat(32)), spanId: spanId("2".repeat(16)) },
    requestedModel: "fast",
    request: { contentType: "application/json", body: Buffer.from(JSON.stringify(CHAT_REQUEST)) },
    accounts: [],
    attempts: [
      {
        provider: "openai",
        model: "gpt-4o",
        startedAtMs: 1_760_000_000_010,
        headersAtMs: 1_760_000_000_200,
        endedAtMs: 1_760_000_000_900,
        status: 200,
      },
    ],
    answer: answer(completion({ content: "Hello" })),
    outcome: { kind: "answered" },
    times: {
      startedAtMs: 1_760_000_000_000,
      firstByteAtMs: 1_760_000_000_250,
      endedAtMs: 1_760_000_001_000,
      overheadMs: 10,
    },
    caller: { userAgent: "OpenAI/JS" },
    gatewayVersion: "0.1.0",
    ...fields,
  };
}

/** A record whose ids say which of many it is. */
export function numberedRecord(number: number, fields: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const trace = {
    traceId: traceId((number + 1).toString(16).padStart(32, "0")),
    spanId: spanId((number + 1).toString(16).padStart(16, "0")),
  };
  const callId = parseCallId(`req_${(number + 1).toString(16).padStart(32, "0")}`);
  return chatRecord({ trace, ...(callId && { callId }), ...fields });
}

/** The body of the queue message that holds a record. */
export function messageBody(record: ExchangeRecord): string {
  const packed = packRecord(record);
  if (packed.kind !== "inline") throw new Error("too large for a message");
  return packed.body;
}

/** The body of a message that claims a record, and the object that it claims. */
export function claimedRecord(record: ExchangeRecord, key: string): { body: string; bytes: Uint8Array } {
  const bytes = encodeRecord(record);
  return { body: `sluice/1 claim ${JSON.stringify({ key, bytes: bytes.byteLength })}`, bytes };
}
