/** The mode `redacted`: every text of a call goes through the detectors, wherever it stands. */
import type { BodyView, ObservedCall, RawBody } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import { type AssembledAnswer, mediaPlaceholder, placeholderText } from "@sluice/wire";
import type { RedactText } from "./redact-text.ts";
import { redactContentText, redactTree } from "./redact-tree.ts";

/** Of SSE, and of AWS event streams. */
const EVENT_STREAM = /event-?stream/i;
const NO_BYTES = new Uint8Array();
/** Left out where a raw body was cut: half of a number is recognised by nothing. */
const UNSURE_END = 256;

/** The call with everything private in it replaced. The bodies' bytes are gone: what is shown is made of what was read of them. */
export function redactCall(call: ObservedCall, redact: RedactText): ObservedCall {
  const { record, request, answer } = call;
  const tree = <T>(value: T): T => redactTree(value, redact) as T;
  return {
    ...call,
    record: redactRecord(record, tree, redact),
    request: redactView(request, record.request, redact, (value) => ({ ...value, ...tree(value) })),
    ...(answer && {
      answer: redactView(
        answer,
        { body: record.answer?.body ?? NO_BYTES, contentType: record.answer?.headers["content-type"] },
        redact,
        (value) => redactAnswer(withoutEvents(value, record), tree),
      ),
    }),
  };
}

/** Everything in a record but ids, times and sums is text that somebody wrote. */
function redactRecord(record: ExchangeRecord, tree: <T>(value: T) => T, redact: RedactText): ExchangeRecord {
  const { callId, key, trace, request, answer, times, accounts, gatewayVersion, passage, ...rest } = record;
  const { traceId, spanId, parentSpanId, ...said } = trace;
  const { id, hash, ...owner } = key;
  return {
    ...tree(rest),
    callId,
    key: { id, hash, ...tree(owner) },
    trace: { traceId, spanId, ...(parentSpanId !== undefined && { parentSpanId }), ...tree(said) },
    request: { ...tree(request), body: NO_BYTES },
    ...(answer && { answer: { ...tree(answer), body: NO_BYTES } }),
    ...(passage && { passage: { method: passage.method, path: redactPath(passage.path, redact) } }),
    times,
    accounts: accounts.map((account) => ({ ...account, ownerId: tree(account.ownerId) })),
    gatewayVersion,
  };
}

/** What stands between two slashes may be escaped: it is read as it is meant. */
function redactPath(path: string, redact: RedactText): string {
  return redact(path)
    .split("/")
    .map((segment) => {
      const meant = decoded(segment);
      const redacted = redact(meant);
      return redacted === meant ? segment : redacted;
    })
    .join("/");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Counts stay what they are; everything else is text. */
function redactAnswer(answer: AssembledAnswer, tree: <T>(value: T) => T): AssembledAnswer {
  const { usage, rawUsage, billedCalls, embeddings, createdAtS, ...said } = answer;
  return {
    ...tree(said),
    ...(createdAtS !== undefined && { createdAtS }),
    ...(embeddings && { embeddings }),
    ...(usage && { usage }),
    ...(rawUsage && { rawUsage: tree(rawUsage) }),
    ...(billedCalls && { billedCalls: tree(billedCalls) }),
  };
}

/**
 * The events of a stream that no reader puts together: what is private may be split over several of them, where nothing finds
 * it. Their number is told instead.
 */
function withoutEvents(
  answer: AssembledAnswer,
  { endpoint, answer: received }: ExchangeRecord,
): AssembledAnswer {
  const isStream = endpoint === "proxy" || EVENT_STREAM.test(received?.headers["content-type"] ?? "");
  if (!Array.isArray(answer.output) || !isStream) return answer;
  return { ...answer, output: { events: answer.output.length, not_shown: "capture mode redacted" } };
}

function redactView<T>(
  view: BodyView<T>,
  sent: { readonly body: Uint8Array; readonly contentType?: string | undefined },
  redact: RedactText,
  redactRead: (value: T) => T,
): BodyView<T> {
  if (view.kind === "read") return { kind: "read", value: redactRead(view.value) };
  return {
    kind: "unread",
    reason: redact(view.reason),
    ...(view.raw && { raw: redactRaw(view.raw, sent, redact) }),
  };
}

/** Text is redacted; of bytes that are none, and of a stream, whose pieces split what is private, a placeholder is all there is. */
function redactRaw(
  raw: RawBody,
  { body, contentType }: { readonly body: Uint8Array; readonly contentType?: string | undefined },
  redact: RedactText,
): RawBody {
  const isStream =
    EVENT_STREAM.test(contentType ?? "") || /^\s{0,64}(?:data|event|id|retry)?:/m.test(raw.text);
  if (raw.encoding === "base64" || isStream) {
    return { ...raw, text: placeholderText(mediaPlaceholder([body], contentType)), encoding: "utf-8" };
  }
  if (raw.omittedBytes === 0) return { ...raw, text: redactContentText(raw.text, redact) };
  const end = raw.text.slice(-UNSURE_END);
  return {
    ...raw,
    text: redactContentText(raw.text.slice(0, -UNSURE_END), redact),
    omittedBytes: raw.omittedBytes + Buffer.byteLength(end),
  };
}
