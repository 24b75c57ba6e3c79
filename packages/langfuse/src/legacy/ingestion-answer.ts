/** What an answer of Langfuse's ingestion API means: a 207 that says of each event whether it was taken. */
import { asList, asObject, asText, parseJson } from "@sluice/wire";
import type { ExportOutcome } from "../drain.ts";
import type { SendVerdict } from "../export-in-requests.ts";
import { judge, type PostResult, REFUSALS, REFUSED_WAIT_MS } from "../export-policy.ts";
import { EVENTS_OF_A_CALL } from "./ingestion-events.ts";

/** An event that was not taken. */
interface EventError {
  readonly id: string;
  readonly status: number;
  readonly message: string;
}

const MAX_MESSAGE_LENGTH = 300;

/** What a Langfuse says that takes spans by OTLP alone: v4 in its mode `events_only`, and Langfuse Cloud. */
const CLOSED = /events[_ -]?only|open ?telemetry|otel|otlp|no longer|not supported|deprecated/i;

/** What came of a request with the events of calls, of which `prefixes` are what their ids begin with. */
export function judgeIngestion(result: PostResult, prefixes: readonly string[], nowMs: number): SendVerdict {
  const verdict = judge(result, nowMs);
  if (verdict.kind !== "delivered" || result.kind !== "answered") return verdict;
  const answer = asObject(parseJson(Buffer.from(result.body ?? []).toString()));
  if (!answer) return { kind: "retry", reason: "Langfuse's answer cannot be read.", halts: true };
  const successes = Map.groupBy(
    asList(answer["successes"]).flatMap((entry) => asText(asObject(entry)?.["id"]) ?? []),
    callOf,
  );
  const errors = Map.groupBy(asList(answer["errors"]).flatMap(readError), ({ id }) => callOf(id));
  return {
    kind: "each",
    outcomes: prefixes.map((prefix) =>
      outcomeOf(errors.get(prefix) ?? [], successes.get(prefix)?.length ?? 0),
    ),
  };
}

/** `<trace id>-<span id>-<digest>` without its end. */
function callOf(eventId: string): string {
  return eventId.split("-").slice(0, 2).join("-");
}

function readError(entry: unknown): EventError[] {
  const { id, status, message, error } = asObject(entry) ?? {};
  const text = [message, error].flatMap((part) => asText(part) ?? []).join(": ");
  return typeof id === "string" && typeof status === "number" ? [{ id, status, message: text }] : [];
}

/** A call is delivered when all of its events are; the worst of their errors decides otherwise. */
function outcomeOf(errors: readonly EventError[], successes: number): ExportOutcome {
  const closed = errors.find(({ status, message }) => status >= 400 && status < 500 && CLOSED.test(message));
  if (closed) {
    const reason = `${told(closed)} Set the drain's type to "langfuse".`;
    return { kind: "retry", reason, refusal: "type_refused", retryAfterMs: REFUSED_WAIT_MS };
  }
  const waiting = errors.find(({ status }) => !isFinal(status));
  if (waiting) {
    const refusal = REFUSALS.get(waiting.status);
    return {
      kind: "retry",
      reason: told(waiting),
      ...(refusal && { refusal, retryAfterMs: REFUSED_WAIT_MS }),
    };
  }
  const [rejected] = errors;
  if (rejected) return { kind: "rejected", reason: told(rejected) };
  if (successes >= EVENTS_OF_A_CALL) return { kind: "delivered" };
  return { kind: "retry", reason: "Langfuse's answer does not say what became of the events." };
}

/** Whether the status speaks of the event itself, so that no retry helps. */
function isFinal(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}

function told({ status, message }: EventError): string {
  return `Langfuse refused an event with status ${status}${message ? `: ${message.slice(0, MAX_MESSAGE_LENGTH)}` : "."}`;
}
