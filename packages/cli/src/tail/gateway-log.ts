/** The line that a gateway writes for each call (packages/aws, call-metrics), read from its log group in CloudWatch. */
import {
  CloudWatchLogsClient,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import * as z from "zod";
import { CommandFailure } from "../failure.ts";
import type { CallSource, LiveCall } from "./live-call.ts";

/** The log group of a stage's gateway (infra/bundled-function.ts). */
export function gatewayLogGroup(stage: string): string {
  return `/aws/lambda/sluice-${stage}-gateway`;
}

const PHRASE = "A call has ended.";
/** CloudWatch shows a line some seconds after it was written, and later ones before earlier ones. */
const LATE_MS = 60_000;
/** Calls that are remembered as shown. In a minute there are fewer, or nobody can read them anyhow. */
const REMEMBERED = 50_000;

const line = z.object({
  time: z.string(),
  message: z.literal(PHRASE),
  requestId: z.string(),
  traceId: z.string(),
  keyId: z.string(),
  model: z.string().optional(),
  provider: z.string().optional(),
  endpoint: z.string().optional(),
  outcome: z.string(),
  code: z.string().optional(),
  providerStatus: z.number().optional(),
  DurationMs: z.number().optional(),
  TimeToFirstTokenMs: z.number().optional(),
});

/** The call of a line; undefined for any other line. */
export function readCallLine(text: string): LiveCall | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = line.safeParse(fields);
  if (!parsed.success) return undefined;
  const { time, requestId, traceId, keyId, model, provider, endpoint, outcome, code, ...rest } = parsed.data;
  const { providerStatus: status, DurationMs: durationMs, TimeToFirstTokenMs: firstTokenMs } = rest;
  return {
    at: time,
    requestId,
    traceId,
    keyId,
    ...(model !== undefined && { model }),
    ...(provider !== undefined && { provider }),
    ...(endpoint !== undefined && { endpoint }),
    // As the trace has it (packages/langfuse, verdict): whatever is not a good answer.
    level: outcome === "answered" && (status ?? 200) < 400 ? "DEFAULT" : "ERROR",
    ...(status !== undefined && { status }),
    ...(code !== undefined && { reason: code }),
    ...(durationMs !== undefined && { durationMs }),
    ...(firstTokenMs !== undefined && { firstTokenMs }),
  };
}

/** The call with that request id, if the log has it since then (Unix time, ms). Throws `CommandFailure` without such a log. */
export async function findCall(
  logGroupName: string,
  requestId: string,
  sinceMs: number,
): Promise<LiveCall | undefined> {
  const client = new CloudWatchLogsClient({});
  try {
    for await (const call of callsIn(client, logGroupName, `"${requestId}"`, sinceMs)) {
      if (call.requestId === requestId) return call;
    }
    return undefined;
  } finally {
    client.destroy();
  }
}

/** The calls of a log group from then on (Unix time, ms). Its `next` throws `CommandFailure` without such a log. */
export function tailGatewayLog(logGroupName: string, fromMs: number): CallSource {
  const client = new CloudWatchLogsClient({});
  const shown = new Set<string>();
  let latestMs = fromMs;
  return {
    async next() {
      const fresh: LiveCall[] = [];
      const since = Math.max(fromMs, latestMs - LATE_MS);
      for await (const call of callsIn(client, logGroupName, `"${PHRASE}"`, since)) {
        latestMs = Math.max(latestMs, Date.parse(call.at));
        if (shown.has(call.requestId)) continue;
        shown.add(call.requestId);
        fresh.push(call);
      }
      for (const old of shown) {
        if (shown.size <= REMEMBERED) break;
        shown.delete(old);
      }
      return fresh.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
    },
    close: () => client.destroy(),
  };
}

async function* callsIn(
  client: CloudWatchLogsClient,
  logGroupName: string,
  filterPattern: string,
  startTime: number,
): AsyncGenerator<LiveCall> {
  try {
    const input = { logGroupName, startTime, filterPattern };
    for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
      for (const { message = "" } of events) {
        const call = readCallLine(message);
        if (call) yield call;
      }
    }
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    const region = await client.config.region();
    throw new CommandFailure(
      "no_log_group",
      `There is no log group ${logGroupName} in ${region}: check --stage, AWS_REGION and AWS_PROFILE.`,
      { cause: error },
    );
  }
}
