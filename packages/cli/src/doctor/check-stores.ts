/** Whether the queues, the table and the bucket are there, and are what the two functions rely on. */
import { DescribeTableCommand, DescribeTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { SPILL_PREFIX } from "@sluice/aws";
import { asObject, asText, parseJson } from "@sluice/wire";
import { flusherLimits, queueLimits } from "../../../../infra/limits.ts";
import type { RecordPlace } from "../target/record-place.ts";
import type { Place } from "../target/target.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { denied, problemOf } from "./sdk-problem.ts";

const DEPLOY = "deploy the stage again (npx sst deploy), or restart the local system";
const DAY_S = 86_400;
/** AWS's rule for a queue that feeds a function ("Using Lambda with Amazon SQS"). */
const VISIBILITY_FACTOR = 6;

interface QueueAttributes {
  readonly arn: string;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly waiting: number;
  /** ARN of the dead-letter queue that the redrive policy names. */
  readonly deadLetterArn: string | undefined;
}

/** Both queues: there, bound to each other, long enough, and nothing parked. */
export async function checkQueues({
  sqs,
  queueUrl,
  deadLetterQueueUrl,
}: RecordPlace): Promise<readonly Finding[]> {
  const [traces, parked] = await Promise.all([
    attributesOf("queue", sqs, queueUrl),
    attributesOf("dead-letter queue", sqs, deadLetterQueueUrl),
  ]);
  return [
    ...("name" in traces ? [traces] : queueFindings(traces, "name" in parked ? undefined : parked)),
    ...("name" in parked ? [parked] : deadLetterFindings(parked)),
  ];
}

async function attributesOf(
  name: string,
  sqs: SQSClient,
  QueueUrl: string,
): Promise<QueueAttributes | Finding> {
  try {
    const input = { QueueUrl, AttributeNames: ["All" as const] };
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand(input));
    const policy = asObject(parseJson(Attributes["RedrivePolicy"] ?? ""));
    return {
      arn: Attributes["QueueArn"] ?? "",
      visibilitySeconds: Number(Attributes["VisibilityTimeout"]),
      retentionSeconds: Number(Attributes["MessageRetentionPeriod"]),
      waiting: Number(Attributes["ApproximateNumberOfMessages"] ?? 0),
      deadLetterArn: asText(policy?.["deadLetterTargetArn"]),
    };
  } catch (error) {
    if (error instanceof Error && /QueueDoesNotExist|NonExistentQueue/.test(error.name)) {
      return fail(name, `It is not there: ${QueueUrl}.`, DEPLOY);
    }
    return unreadable(name, error, "sqs:GetQueueAttributes");
  }
}

function queueFindings(queue: QueueAttributes, parked: QueueAttributes | undefined): readonly Finding[] {
  const { deadLetterArn, visibilitySeconds, retentionSeconds, waiting } = queue;
  const needed = VISIBILITY_FACTOR * flusherLimits.timeoutSeconds;
  const problems: Finding[] = [];
  if (deadLetterArn === undefined) {
    const message = "It has no dead-letter queue: a record that kills every flusher is lost when it expires.";
    problems.push(fail("queue", message, `give it the redrive policy of infra/queue.ts: ${DEPLOY}`));
  } else if (parked && deadLetterArn !== parked.arn) {
    const message = `Its redrive policy names ${deadLetterArn}, and not the dead-letter queue of this place.`;
    problems.push(fail("queue", message, DEPLOY));
  }
  if (visibilitySeconds < needed) {
    const message = `Its visibility timeout is ${visibilitySeconds} s, below six times the flusher's timeout: batches are delivered twice.`;
    problems.push(fail("queue", message, `set it to ${needed} s, or ${DEPLOY}`));
  }
  problems.push(...retentionFindings("queue", retentionSeconds));
  if (problems.length > 0) return problems;
  const redrive = `redrive policy, visibility ${visibilitySeconds} s, retention ${retentionSeconds / DAY_S} days`;
  return [ok("queue", `It is there, with ${redrive}; ${waiting} waiting.`)];
}

function deadLetterFindings({ retentionSeconds, waiting }: QueueAttributes): readonly Finding[] {
  const name = "dead-letter queue";
  const late = retentionFindings(name, retentionSeconds);
  if (waiting > 0) {
    const message = `${waiting} ${waiting === 1 ? "record is" : "records are"} parked.`;
    return [
      ...late,
      warn(name, message, "npx sluice queue status tells the reasons; then npx sluice queue redrive"),
    ];
  }
  return late.length > 0 ? late : [ok(name, "It is there, and nothing is parked.")];
}

function retentionFindings(name: string, seconds: number): readonly Finding[] {
  if (seconds >= queueLimits.retentionSeconds) return [];
  const message = `It keeps records for ${seconds / DAY_S} days, and not for ${queueLimits.retentionSeconds / DAY_S}.`;
  return [warn(name, message, DEPLOY)];
}

/** The table: there, with its keys, and with expiry switched on. */
export async function checkTable({ client, table }: Place): Promise<readonly Finding[]> {
  const name = "table";
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    const keys = (Table?.KeySchema ?? []).map(({ AttributeName }) => AttributeName).join(", ");
    if (keys !== "pk, sk") return [fail(name, `${table} has the keys ${keys}, and not pk, sk.`, DEPLOY)];
    if (Table?.TableStatus !== "ACTIVE") {
      return [warn(name, `${table} is ${Table?.TableStatus}.`, "wait until it is ACTIVE")];
    }
    const { TimeToLiveDescription: ttl } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: table }),
    );
    if (ttl?.AttributeName !== "ttl" || !ttl.TimeToLiveStatus?.startsWith("ENABL")) {
      return [fail(name, `${table} does not delete what has expired: it only grows.`, DEPLOY)];
    }
    return [ok(name, `${table} is there, with its keys and expiry.`)];
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") {
      const remedy = "check AWS_REGION, AWS_PROFILE and --table, or deploy the stage";
      return [fail(name, `There is no table ${table}.`, remedy)];
    }
    return [unreadable(name, error, "dynamodb:DescribeTable and DescribeTimeToLive")];
  }
}

/** The bucket: there, and nothing waits in it. */
export async function checkBucket({ bucket }: RecordPlace): Promise<readonly Finding[]> {
  const name = "bucket";
  try {
    const [spilled] = await bucket.list(SPILL_PREFIX, 1);
    if (spilled === undefined) return [ok(name, "It is there, and nothing was spilled to it.")];
    const message = "It is there, and records were spilled to it: the queue did not take them.";
    return [warn(name, message, "the flusher sends them in minutes; npx sluice replay --from spill at once")];
  } catch (error) {
    if (error instanceof Error && error.name === "NoSuchBucket")
      return [fail(name, "It is not there.", DEPLOY)];
    return [unreadable(name, error, "s3:ListBucket")];
  }
}

function unreadable(name: string, error: unknown, permission: string): Finding {
  if (denied(error)) {
    return warn(name, "It may not be looked at with these credentials.", `allow them ${permission}`);
  }
  return fail(name, ...problemOf(error));
}
