/** What the present faults do to a request at each service. */
import type { AwsRequest, Fate } from "./fault-proxy.ts";
import type { Reception } from "./langfuse.ts";
import type { Episode, Fault } from "./schedule.ts";

/** Which faults there are at this moment. */
export interface Weather {
  /** Whether the fault is there, and meets this request. */
  strikes(fault: Fault): boolean;
  /** How often each fault has met a request. */
  readonly struck: ReadonlyMap<Fault, number>;
}

/** Before the storm and after it. */
export const CALM: Weather = { strikes: () => false, struck: new Map() };

/** The weather of a storm that began at `startedAtMs` (Unix time). */
export function createWeather(
  episodes: readonly Episode[],
  startedAtMs: number,
  random: () => number,
): Weather {
  const struck = new Map<Fault, number>();
  return {
    struck,
    strikes(fault) {
      const atMs = Date.now() - startedAtMs;
      const strikes = episodes.some(
        (episode) =>
          episode.fault === fault &&
          episode.fromMs <= atMs &&
          atMs < episode.untilMs &&
          random() < episode.share,
      );
      if (strikes) struck.set(fault, (struck.get(fault) ?? 0) + 1);
      return strikes;
    },
  };
}

const PASS: Fate = { kind: "pass" };
const SLOW_MS = 700;
/** Of Langfuse: longer than most of its answers take, shorter than a call's lease in the storm. */
const LANGFUSE_SLOW_MS = 1_500;

/** SQS faults, on sending and on what a flusher puts off. */
export function sqsFate({ strikes }: Weather): Fate {
  if (strikes("sqs away") || strikes("sqs and s3 away")) return jsonError(503, "ServiceUnavailable");
  if (strikes("sqs error")) return jsonError(500, "InternalFailure");
  if (strikes("sqs throttled")) return jsonError(400, "com.amazon.coral.availability#ThrottlingException");
  if (strikes("sqs reset before")) return { kind: "reset" };
  if (strikes("sqs reset after")) return { kind: "pass", loses: true };
  if (strikes("sqs twice")) return { kind: "pass", times: 2 };
  if (strikes("sqs slow")) return { kind: "pass", afterMs: SLOW_MS };
  return PASS;
}

/** SQS faults on the event source mapping's receiving and deleting. When the queue is away, it is so for it, too. */
export function pollerFate({ strikes }: Weather, { action }: AwsRequest): Fate {
  if (strikes("sqs away") || strikes("sqs and s3 away")) return jsonError(503, "ServiceUnavailable");
  const doing = action === "ReceiveMessage" ? "receive" : "delete";
  if (strikes(`poller ${doing} error`)) return jsonError(500, "InternalFailure");
  if (strikes(`poller ${doing} reset before`)) return { kind: "reset" };
  if (strikes(`poller ${doing} reset after`)) return { kind: "pass", loses: true };
  if (strikes(`poller ${doing} slow`)) return { kind: "pass", afterMs: SLOW_MS };
  return PASS;
}

/** S3 faults. */
export function s3Fate({ strikes }: Weather): Fate {
  if (strikes("s3 error") || strikes("sqs and s3 away")) {
    return {
      kind: "instead",
      status: 503,
      body: "<Error><Code>SlowDown</Code><Message>storm</Message></Error>",
    };
  }
  if (strikes("s3 reset before")) return { kind: "reset" };
  if (strikes("s3 reset after")) return { kind: "pass", loses: true };
  if (strikes("s3 slow")) return { kind: "pass", afterMs: SLOW_MS };
  return PASS;
}

/** DynamoDB faults. A conflict is one only for a transaction. */
export function dynamodbFate({ strikes }: Weather, { action, body }: AwsRequest): Fate {
  const error = (status: number, type: string, more: object = {}) =>
    jsonError(status, `com.amazonaws.dynamodb.v20120810#${type}`, more);
  if (strikes("dynamodb away")) return error(500, "InternalServerError");
  if (strikes("dynamodb error")) return error(500, "InternalServerError");
  if (strikes("dynamodb throttled")) return error(400, "ProvisionedThroughputExceededException");
  if (strikes("dynamodb reset before")) return { kind: "reset" };
  if (strikes("dynamodb reset after")) return { kind: "pass", loses: true };
  if (strikes("dynamodb slow")) return { kind: "pass", afterMs: SLOW_MS };
  if (action === "TransactWriteItems" && strikes("dynamodb conflict")) {
    const { TransactItems } = JSON.parse(body.toString()) as { TransactItems: unknown[] };
    const CancellationReasons = TransactItems.map((_, index) => ({
      Code: index === 0 ? "TransactionConflict" : "None",
    }));
    return error(400, "TransactionCanceledException", { CancellationReasons });
  }
  return PASS;
}

/** Secrets Manager's only fault on its way: it is not there. That its secrets change is in `rotation.ts`. */
export function secretsFate({ strikes }: Weather): Fate {
  return strikes("secrets away") ? jsonError(500, "InternalServiceError") : PASS;
}

/** Langfuse's faults. 413 only where there is more than one call: a call alone fits. */
export function langfuseReception({ strikes }: Weather, calls: number): Reception {
  if (strikes("langfuse outage") || strikes("langfuse away")) return { kind: "reset" };
  if (strikes("langfuse 401")) return { kind: "refuse", status: 401 };
  if (strikes("langfuse 403")) return { kind: "refuse", status: 403 };
  if (strikes("langfuse 429")) return { kind: "refuse", status: 429, retryAfterSeconds: 1 };
  if (strikes("langfuse 500")) return { kind: "refuse", status: 500 };
  if (calls > 1 && strikes("langfuse 413")) return { kind: "refuse", status: 413 };
  if (strikes("langfuse reset before")) return { kind: "reset" };
  if (strikes("langfuse reset after")) return { kind: "take, then reset" };
  if (strikes("langfuse slow")) return { kind: "take", afterMs: LANGFUSE_SLOW_MS };
  if (strikes("langfuse slow body")) return { kind: "take", bodyOverMs: LANGFUSE_SLOW_MS };
  return { kind: "take" };
}

function jsonError(status: number, type: string, more: object = {}): Fate {
  return { kind: "instead", status, body: JSON.stringify({ __type: type, message: "storm", ...more }) };
}
