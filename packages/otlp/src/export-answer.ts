/**
 * What the answer of an OpenTelemetry backend means (OpenTelemetry Protocol specification 1.x, "OTLP/HTTP Response"). A request
 * may be taken in part: then so many spans are rejected, nobody says which, and the request must not be sent again.
 */
import { type ExportOutcome, judge, type PostResult, type SendVerdict } from "@sluice/langfuse";
import { asObject, asText, parseJson } from "@sluice/wire";
import { readFields } from "./protobuf.ts";

/** How many spans were rejected, and why. With none the message is a warning. */
interface PartialSuccess {
  readonly rejected: bigint;
  readonly message: string | undefined;
}

const MAX_MESSAGE_LENGTH = 300;

/** What came of a request with `count` traces. `server` is who answered, as the beginning of a sentence. */
export function judgeExport(
  result: PostResult,
  { count, nowMs, server }: { readonly count: number; readonly nowMs: number; readonly server: string },
): SendVerdict {
  const told = result.kind === "answered" ? withMessage(result) : result;
  const verdict = judge(told, nowMs, server);
  if (verdict.kind !== "delivered" || told.kind !== "answered") return verdict;
  const { rejected, message } = readPartialSuccess(told);
  if (rejected <= 0n) return verdict;
  const why = message === undefined ? "." : `: ${message}`;
  const among = count === 1 ? "" : `, and does not say which; those of ${count} calls were in the request`;
  const reason = `${server} took the request and rejected ${rejected} of its spans${among}${why}`;
  const outcome: ExportOutcome = { kind: "rejected", reason };
  return { kind: "each", outcomes: Array.from({ length: count }, () => outcome) };
}

type Answer = Extract<PostResult, { readonly kind: "answered" }>;

/** A backend's error is a `google.rpc.Status`, in protobuf where the request was: its second field says what is wrong. */
function withMessage(answer: Answer): Answer {
  if (!isProtobuf(answer) || answer.status < 400 || !answer.body) return answer;
  const text = textOf(readFields(answer.body).find(({ number }) => number === 2)?.value);
  return text === undefined ? answer : { ...answer, message: text };
}

function readPartialSuccess(answer: Answer): PartialSuccess {
  const { body } = answer;
  if (!body || body.byteLength === 0) return { rejected: 0n, message: undefined };
  return isProtobuf(answer) ? fromProtobuf(body) : fromJson(Buffer.from(body).toString());
}

/** `ExportTraceServiceResponse.partial_success` (1), with `rejected_spans` (1) and `error_message` (2). */
function fromProtobuf(body: Uint8Array): PartialSuccess {
  const partial = readFields(body).find(({ number }) => number === 1)?.value;
  const fields = partial instanceof Uint8Array ? readFields(partial) : [];
  const rejected = fields.find(({ number }) => number === 1)?.value;
  return {
    rejected: typeof rejected === "bigint" ? BigInt.asIntN(64, rejected) : 0n,
    message: textOf(fields.find(({ number }) => number === 2)?.value),
  };
}

/** 64-bit numbers are texts in OTLP JSON; some backends write numbers. */
function fromJson(body: string): PartialSuccess {
  const partial = asObject(asObject(parseJson(body))?.["partialSuccess"]) ?? {};
  const { rejectedSpans, errorMessage } = partial;
  const isCount =
    (typeof rejectedSpans === "string" && /^\d+$/.test(rejectedSpans)) || Number.isSafeInteger(rejectedSpans);
  return {
    rejected: isCount ? BigInt(String(rejectedSpans)) : 0n,
    message: asText(errorMessage)?.slice(0, MAX_MESSAGE_LENGTH),
  };
}

function isProtobuf({ contentType }: Answer): boolean {
  return contentType?.includes("protobuf") ?? false;
}

function textOf(value: bigint | Uint8Array | undefined): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  return asText(Buffer.from(value).toString().slice(0, MAX_MESSAGE_LENGTH));
}
