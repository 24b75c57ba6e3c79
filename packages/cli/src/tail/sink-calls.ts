/** The calls that arrive in the local system's sink. */
import { asText, parseJson } from "@sluice/wire";
import { CommandFailure } from "../failure.ts";
import type { Probe } from "../http-probe.ts";
import { readSinkTraces } from "../traces/read-trace.ts";
import type { SpanDocument, TraceDocument } from "../traces/trace-document.ts";
import { type CallSource, LEVELS, type LiveCall } from "./live-call.ts";

/** Newest traces that are looked at each time: more do not come in a second on one machine. */
const LOOKED_AT = 1_000;

/** The calls of a sink, the first time all that are looked at, from then on those that are new. Its `next` throws `CommandFailure`. */
export function tailSink(url: string, probe: Probe): CallSource {
  let shown: ReadonlySet<string> | undefined;
  return {
    async next() {
      const answer = await probe(`${url}/traces?limit=${LOOKED_AT}`);
      if (answer.kind === "unanswered") {
        throw new CommandFailure("no_connection", `${answer.reason}: ${answer.remedy}.`);
      }
      if (answer.status !== 200) {
        throw new CommandFailure(
          "no_sink",
          `The local system writes to ${url}, which is not its own sink: look there, or start it without LANGFUSE_BASE_URL.`,
        );
      }
      const calls = readSinkTraces(parseJson(answer.body))
        .flatMap(callsOf)
        .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
      const known = shown;
      // What has left the newest traces does not come back.
      shown = new Set(calls.map(({ requestId }) => requestId));
      return known ? calls.filter(({ requestId }) => !known.has(requestId)) : calls;
    },
    close: () => undefined,
  };
}

/** The spans of a trace that are calls. An attempt has the request id of its call, whose span is its parent. */
function callsOf({ id, spans }: TraceDocument): readonly LiveCall[] {
  const requestIds = new Map(spans.map((span) => [span.id, asText(span.metadata["request_id"])]));
  return spans.flatMap((span) => {
    const requestId = requestIds.get(span.id);
    const isAttempt = span.parentId !== undefined && requestIds.get(span.parentId) === requestId;
    return requestId === undefined || isAttempt ? [] : [callOf(id, requestId, span)];
  });
}

function callOf(traceId: string, requestId: string, span: SpanDocument): LiveCall {
  const { metadata, usage, model, statusMessage, costUsd, startTime, endTime, completionStartTime } = span;
  const text = (name: string) => asText(metadata[name]);
  const number = (name: string) => (typeof metadata[name] === "number" ? metadata[name] : undefined);
  const firstTokenMs =
    completionStartTime === undefined ? undefined : Date.parse(completionStartTime) - Date.parse(startTime);
  const fields = {
    key: text("key_alias"),
    keyId: text("key_id"),
    model,
    provider: text("provider"),
    endpoint: text("endpoint"),
    status: number("http_status"),
    reason: statusMessage,
    durationMs: number("duration_ms"),
    firstTokenMs,
    inputTokens: sumOf(usage, "input"),
    outputTokens: sumOf(usage, "output"),
    costUsd,
  };
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return {
    at: endTime ?? startTime,
    requestId,
    traceId,
    level: LEVELS.find((level) => level === span.level) ?? "DEFAULT",
    ...(Object.fromEntries(known) as Partial<{
      [K in keyof typeof fields]: NonNullable<(typeof fields)[K]>;
    }>),
  };
}

/** Kinds of tokens do not overlap: `input`, `input_cached_tokens` and so on add up. */
function sumOf(usage: Readonly<Record<string, number>>, side: "input" | "output"): number | undefined {
  const counts = Object.entries(usage).filter(([kind]) => kind === side || kind.startsWith(`${side}_`));
  return counts.length === 0 ? undefined : counts.reduce((sum, [, count]) => sum + count, 0);
}
