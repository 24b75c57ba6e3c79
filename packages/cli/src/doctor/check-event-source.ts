/** Whether Lambda polls the queue for the flusher. */
import {
  LambdaClient,
  type LambdaClientConfig,
  paginateListEventSourceMappings,
} from "@aws-sdk/client-lambda";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { denied, problemOf } from "./sdk-problem.ts";

/** Looks at the mapping of a queue. */
export async function checkEventSource(
  queueArn: string,
  config: LambdaClientConfig = {},
): Promise<readonly Finding[]> {
  const name = "event source";
  const client = new LambdaClient(config);
  try {
    const mappings = [];
    for await (const page of paginateListEventSourceMappings({ client }, { EventSourceArn: queueArn })) {
      mappings.push(...(page.EventSourceMappings ?? []));
    }
    const [mapping] = mappings;
    if (!mapping) {
      const message = "No function is called for the queue: nothing is delivered.";
      return [fail(name, message, "deploy the stage again (npx sst deploy)")];
    }
    if (mapping.State !== "Enabled") {
      const message = `The mapping is ${mapping.State ?? "in an unknown state"}: nothing is delivered.`;
      return [fail(name, message, `aws lambda update-event-source-mapping --enabled --uuid ${mapping.UUID}`)];
    }
    if (!mapping.FunctionResponseTypes?.includes("ReportBatchItemFailures")) {
      const message = "The mapping does not report single failures: a whole batch comes back for each.";
      return [fail(name, message, "deploy the stage again (npx sst deploy)")];
    }
    return [ok(name, `Lambda polls the queue, batches of ${mapping.BatchSize ?? "unknown size"}.`)];
  } catch (error) {
    if (denied(error)) {
      const message = "It may not be looked at with these credentials.";
      return [warn(name, message, "allow them lambda:ListEventSourceMappings")];
    }
    return [fail(name, ...problemOf(error))];
  } finally {
    client.destroy();
  }
}
