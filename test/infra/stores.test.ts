/** Queues, table, bucket and secrets: what they keep, for how long, and who can read it. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Evaluation, evaluate } from "./evaluator/evaluate.ts";
import { inputsOf, resourcesOf } from "./evaluator/graph.ts";

let graph: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
}, 60_000);
afterAll(() => rm(graph.workDirectory, { recursive: true }));

const fourteenDaysInSeconds = 14 * 24 * 3600;

const queue = (name: string) => inputsOf(graph, "aws:sqs/queue:Queue", name);
const redrive = () => JSON.parse(String(queue("TracesQueue")["redrivePolicy"]));

describe("the queues", () => {
  test.each(["TracesQueue", "TracesDeadLetterQueue"])(
    "%s is a standard queue, encrypted, kept for 14 days",
    (name) => {
      expect(queue(name)).toMatchObject({
        fifoQueue: false,
        sqsManagedSseEnabled: true,
        messageRetentionSeconds: fourteenDaysInSeconds,
      });
    },
  );

  test("records that are received too often go to the dead-letter queue", () => {
    expect(redrive()).toEqual({
      deadLetterTargetArn: "arn:aws:sqs:eu-central-1:111122223333:sluice-test-TracesDeadLetterQueue",
      maxReceiveCount: 400,
    });
  });

  test("a drain may be down for the whole retention with an attempt each hour", () => {
    expect(redrive().maxReceiveCount).toBeGreaterThan(14 * 24);
  });

  test("a record that kills every flusher is moved before its retention ends", () => {
    const { visibilityTimeoutSeconds } = queue("TracesQueue");
    expect(redrive().maxReceiveCount * Number(visibilityTimeoutSeconds)).toBeLessThan(fourteenDaysInSeconds);
  });

  test("no other queue may use the dead-letter queue", () => {
    const policy = inputsOf(
      graph,
      "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
      "TracesDeadLetterSources",
    );
    expect(policy["queueUrl"]).toBe(graph.outputs["deadLetterQueueUrl"]);
    expect(JSON.parse(String(policy["redriveAllowPolicy"]))).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: ["arn:aws:sqs:eu-central-1:111122223333:sluice-test-TracesQueue"],
    });
  });
});

test("the table is keyed by pk and sk, is paid per request, expires by ttl and can be restored to any second", () => {
  expect(inputsOf(graph, "aws:dynamodb/table:Table", "StateTable")).toMatchObject({
    attributes: [
      { name: "pk", type: "S" },
      { name: "sk", type: "S" },
    ],
    hashKey: "pk",
    rangeKey: "sk",
    billingMode: "PAY_PER_REQUEST",
    ttl: { attributeName: "ttl", enabled: true },
    pointInTimeRecovery: { enabled: true },
  });
});

describe("the bucket", () => {
  const bucket = "sluice-test-recordsbucket";

  test("blocks public access in each of the four ways", () => {
    expect(
      inputsOf(graph, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "RecordsPublicAccessBlock"),
    ).toEqual({
      bucket,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  test("has one policy, which refuses requests without TLS and allows nobody anything", () => {
    const policies = resourcesOf(graph, "aws:s3/bucketPolicy:BucketPolicy");
    expect(policies.map(({ inputs }) => JSON.parse(String(inputs["policy"])).Statement)).toEqual([
      [
        {
          Effect: "Deny",
          Principal: { "*": ["*"] },
          Action: ["s3:*"],
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          Condition: { Bool: { "aws:SecureTransport": ["false"] } },
        },
      ],
    ]);
  });

  test("has no CORS rules", () => {
    expect(graph.resources.filter(({ type }) => type.includes("Cors"))).toEqual([]);
  });

  test("is encrypted at rest", () => {
    const type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration";
    expect(inputsOf(graph, type, "RecordsEncryption")).toEqual({
      bucket,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    });
  });

  test("keeps a claim for longer than both queues keep its message, and spilled records as long", () => {
    const type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration";
    expect(resourcesOf(graph, type)).toHaveLength(1);
    expect(inputsOf(graph, type, "RecordsLifecycle")).toEqual({
      bucket,
      rules: [
        { id: "claims", status: "Enabled", filter: { prefix: "claims/" }, expiration: { days: 30 } },
        { id: "spill", status: "Enabled", filter: { prefix: "spill/" }, expiration: { days: 30 } },
        { id: "wholes", status: "Enabled", filter: { prefix: "wholes/" }, expiration: { days: 30 } },
        {
          id: "incomplete-uploads",
          status: "Enabled",
          filter: { prefix: "" },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    });
  });
});

describe("the secrets", () => {
  test("are made empty: no value passes through the deploy", () => {
    const names = resourcesOf(graph, "aws:secretsmanager/secret:Secret").map(({ inputs }) => inputs["name"]);
    expect(new Set(names)).toEqual(new Set(["sluice/test/drains", "sluice/test/providers"]));
    expect(graph.resources.filter(({ type }) => type.includes("secretVersion"))).toEqual([]);
  });
});
