/** Ids that cannot be mixed up: each is a string with a brand, made only by the functions below. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 32 lower-case hex digits, not all zero (W3C Trace Context, section 3.2.2.3). */
export type TraceId = Branded<"TraceId">;
/** 16 lower-case hex digits, not all zero (W3C Trace Context, section 3.2.2.4). */
export type SpanId = Branded<"SpanId">;
/** Names one call through the gateway, unique over all calls: `req_` and 32 hex digits. */
export type CallId = Branded<"CallId">;

/** A source of random bytes, handed in so that tests can fix it. */
export type RandomBytes = (count: number) => Uint8Array;

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;
const CALL_ID = /^req_[0-9a-f]{32}$/;

/** The text as a trace id, or undefined when it is none. Upper-case hex is accepted and lowered. */
export function parseTraceId(text: string): TraceId | undefined {
  const lower = text.toLowerCase();
  return TRACE_ID.test(lower) ? (lower as TraceId) : undefined;
}

/** The text as a span id, or undefined when it is none. Upper-case hex is accepted and lowered. */
export function parseSpanId(text: string): SpanId | undefined {
  const lower = text.toLowerCase();
  return SPAN_ID.test(lower) ? (lower as SpanId) : undefined;
}

/** The text as a call id, or undefined when it is none. */
export function parseCallId(text: string): CallId | undefined {
  return CALL_ID.test(text) ? (text as CallId) : undefined;
}

/** A new trace id. */
export function newTraceId(random: RandomBytes): TraceId {
  return notZero(random, 16) as TraceId;
}

/** A new span id. */
export function newSpanId(random: RandomBytes): SpanId {
  return notZero(random, 8) as SpanId;
}

/** A new call id. */
export function newCallId(random: RandomBytes): CallId {
  return `req_${notZero(random, 16)}` as CallId;
}

function notZero(random: RandomBytes, bytes: number): string {
  for (;;) {
    const hex = Buffer.from(random(bytes)).toString("hex");
    if (/[1-9a-f]/.test(hex)) return hex;
  }
}
