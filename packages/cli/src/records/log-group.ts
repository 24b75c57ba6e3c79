/** The marked lines of a log group in CloudWatch. Loaded only when one is asked for. */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  paginateFilterLogEvents,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { UNSENT_RECORD_MARK } from "@sluice/trace";
import { CommandFailure } from "../failure.ts";

/**
 * The lines since then (Unix time, ms), in no certain order. Throws `CommandFailure` when there is no such log group, and else what
 * the SDK throws.
 */
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
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    const region = await client.config.region();
    throw new CommandFailure(
      "no_log_group",
      `There is no log group ${logGroupName} in ${region}: check --log-group, AWS_REGION and AWS_PROFILE.`,
      { cause: error },
    );
  } finally {
    client.destroy();
  }
}
