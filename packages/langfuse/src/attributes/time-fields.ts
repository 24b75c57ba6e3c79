/** Of Sluice's own: how long things took. */
import type { CallFacts } from "./call-facts.ts";
import { type SluiceField, since } from "./sluice-field.ts";

/** See the module. */
export const TIME_FIELDS: readonly SluiceField[] = [
  [
    "duration_ms",
    "ms",
    "gateway's clock",
    "The whole call.",
    ({ record: { times } }) => since(times.startedAtMs, times.endedAtMs),
  ],
  [
    "time_to_first_token_ms",
    "ms",
    "gateway's clock",
    "Of a stream: from the call's start to the first byte of the provider's body.",
    timeToFirstToken,
  ],
  [
    "overhead_ms",
    "ms",
    "gateway's clock",
    "The gateway's own time before the provider was called.",
    ({ record }) => record.times.overheadMs,
  ],
  [
    "queue_ms",
    "ms",
    "queue's `SentTimestamp`",
    "From the call's end until the queue had its record.",
    queueTime,
  ],
  [
    "provider_processing_ms",
    "ms",
    "answer's headers",
    "The provider's own time (OpenAI).",
    ({ headers }) => count(headers["openai-processing-ms"]),
  ],
];

function timeToFirstToken({ record: { streaming, times } }: CallFacts): number | undefined {
  if (!streaming || times.firstByteAtMs === undefined) return undefined;
  return since(times.startedAtMs, times.firstByteAtMs);
}

/** Both times are the message's and the record's own, so that they are the same however often it is delivered. */
function queueTime({ call, record: { outcome, times } }: CallFacts): number | undefined {
  // A killed function put nothing on the queue when its call ended.
  if (outcome.kind === "failed" && outcome.code === "function_killed") return undefined;
  return call.queuedAtMs === undefined ? undefined : since(times.endedAtMs, call.queuedAtMs);
}

function count(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
