/** The marked lines of a log group in CloudWatch. Loaded only when one is asked for. */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  paginateFilterLogEvents,
} from "@aws-sdk/client-cloudwatch-logs";
import { UNSENT_RECORD_MARK } from "@sluice/trace";

/** The lines since then (Unix time, ms), in no certain order. Throws what the SDK throws. */
export async function* logGroupLines(
  logGroupName: string,
  sinceMs: number,
  config: CloudWatchLogsClientConfig = {},
): AsyncGenerator<string> {
  const client = new CloudWatchLogsClient(config);
  try {
    const input = { logGroupName, startTime: sinceMs, filterPattern: `"${UNSENT_RECORD_MARK}"` };
    for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
      for (const { message } of events) if (message !== undefined) yield message;
    }
  } finally {
    client.destroy();
  }
}
