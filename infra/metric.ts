import { deadLetterQueue, traceQueue } from "./queue.ts";

/** A CloudWatch metric with all its dimensions. */
export interface Metric {
  namespace: string;
  metricName: string;
  dimensions: Record<string, $util.Input<string>>;
}

/** A metric that the functions write themselves, in the log (docs/operations.md, "Metrics"). It has the stage and these dimensions. */
export function sluiceMetric(metricName: string, dimensions: Record<string, string> = {}): Metric {
  return { namespace: "Sluice", metricName, dimensions: { stage: $app.stage, ...dimensions } };
}

/** A metric of AWS about a Lambda function. */
export function lambdaMetric(metricName: string, functionName: $util.Input<string>): Metric {
  return { namespace: "AWS/Lambda", metricName, dimensions: { FunctionName: functionName } };
}

/** A metric of AWS about one of the two queues. */
export function queueMetric(metricName: string, queue: "traces" | "deadLetters" = "traces"): Metric {
  const { name } = (queue === "traces" ? traceQueue : deadLetterQueue).nodes.queue;
  return { namespace: "AWS/SQS", metricName, dimensions: { QueueName: name } };
}

/** Seconds that one data point of alarms and plots stands for. */
export const periodSeconds = 300;
