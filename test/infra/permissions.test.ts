/** What each function may do: these lists are the whole of it, and a change of them has to be made here too. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Evaluation, evaluate } from "./evaluator/evaluate.ts";
import { inputsOf } from "./evaluator/graph.ts";

let graph: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
}, 60_000);
afterAll(() => rm(graph.workDirectory, { recursive: true }));

const inRegion = (service: string, resource: string) =>
  `arn:aws:${service}:eu-central-1:111122223333:${resource}`;
const queue = inRegion("sqs", "sluice-test-TracesQueue");
const deadLetterQueue = inRegion("sqs", "sluice-test-TracesDeadLetterQueue");
const events = inRegion("sns", "sluice-test-EventsTopic");
const table = inRegion("dynamodb", "table/sluice-test-StateTable");
const bucket = "arn:aws:s3:::sluice-test-recordsbucket";
const secret = (name: string) => inRegion("secretsmanager", `secret:sluice/test/${name}-AbCdEf`);
const log = (name: string) => inRegion("logs", `log-group:/aws/lambda/sluice-test-${name}:*`);

interface Statement {
  Effect: string;
  Action: string[];
  Resource: string[];
  Condition?: Record<string, Record<string, string[]>>;
}

function statementsOf(role: string): Statement[] {
  const [inline, ...others] = inputsOf(graph, "aws:iam/role:Role", role)["inlinePolicies"] as {
    policy: string;
  }[];
  expect(others).toEqual([]);
  return JSON.parse(inline?.policy ?? "").Statement;
}

/** One line for each thing a role may do: `action resource`. */
function allowed(role: string): string[] {
  const statements = statementsOf(role);
  expect(statements.filter(({ Effect }) => Effect !== "Allow")).toEqual([]);
  return statements
    .flatMap(({ Action, Resource }) => Action.flatMap((action) => Resource.map((on) => `${action} ${on}`)))
    .toSorted();
}

test("the gateway may do exactly this", () => {
  expect(allowed("GatewayRole")).toEqual(
    [
      `sqs:SendMessage ${queue}`,
      `dynamodb:GetItem ${table}`,
      `dynamodb:PutItem ${table}`,
      `dynamodb:UpdateItem ${table}`,
      `s3:PutObject ${bucket}/claims/*`,
      `s3:PutObject ${bucket}/spill/*`,
      `secretsmanager:GetSecretValue ${secret("providers")}`,
      ...["InvokeModel", "InvokeModelWithResponseStream"].flatMap((action) => [
        `bedrock:${action} arn:aws:bedrock:*::foundation-model/*`,
        `bedrock:${action} arn:aws:bedrock:*:111122223333:inference-profile/*`,
        `bedrock:${action} arn:aws:bedrock:*:111122223333:application-inference-profile/*`,
      ]),
      `logs:CreateLogStream ${log("gateway")}`,
      `logs:PutLogEvents ${log("gateway")}`,
    ].toSorted(),
  );
});

test("the flusher may do exactly this", () => {
  expect(allowed("FlusherRole")).toEqual(
    [
      `sqs:ReceiveMessage ${queue}`,
      `sqs:DeleteMessage ${queue}`,
      `sqs:GetQueueAttributes ${queue}`,
      `sqs:ChangeMessageVisibility ${queue}`,
      `sqs:SendMessage ${deadLetterQueue}`,
      `sqs:SendMessage ${queue}`,
      `sns:Publish ${events}`,
      `dynamodb:GetItem ${table}`,
      `dynamodb:PutItem ${table}`,
      `dynamodb:UpdateItem ${table}`,
      `dynamodb:DeleteItem ${table}`,
      `dynamodb:ConditionCheckItem ${table}`,
      `dynamodb:Query ${table}`,
      `s3:GetObject ${bucket}/claims/*`,
      `s3:GetObject ${bucket}/spill/*`,
      `s3:PutObject ${bucket}/wholes/*`,
      `s3:DeleteObject ${bucket}/claims/*`,
      `s3:DeleteObject ${bucket}/spill/*`,
      `s3:ListBucket ${bucket}`,
      `secretsmanager:GetSecretValue ${secret("drains")}`,
      `logs:CreateLogStream ${log("flusher")}`,
      `logs:PutLogEvents ${log("flusher")}`,
    ].toSorted(),
  );
});

test("the flusher lists spilled records and nothing else of the bucket", () => {
  const listing = statementsOf("FlusherRole").filter(({ Action }) => Action.includes("s3:ListBucket"));
  expect(listing.map(({ Condition }) => Condition)).toEqual([
    { StringLike: { "s3:prefix": ["claims/*", "spill/*"] } },
  ]);
});

test("the flusher queries the counters of delivery and no other items", () => {
  const querying = statementsOf("FlusherRole").filter(({ Action }) => Action.includes("dynamodb:Query"));
  expect(querying.map(({ Condition }) => Condition)).toEqual([
    { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["DELIVERIES#*"] } },
  ]);
});

describe.each(["GatewayRole", "FlusherRole"])("%s", (role) => {
  test("names every action in full", () => {
    const actions = statementsOf(role).flatMap(({ Action }) => Action);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });

  test("has a wildcard only for the objects below a prefix, the streams of its own log and models on Bedrock", () => {
    const wild = statementsOf(role)
      .flatMap(({ Resource }) => Resource)
      .filter((resource) => resource.includes("*"));
    expect(
      wild.filter(
        (resource) =>
          !/^arn:aws:(s3:::[^*]+\/(claims|spill|wholes)\/|logs:[^*]+:|bedrock:\*:\d*:[a-z-]+\/)\*$/.test(
            resource,
          ),
      ),
    ).toEqual([]);
  });

  test("carries no managed policy", () => {
    expect(inputsOf(graph, "aws:iam/role:Role", role)["managedPolicyArns"]).toEqual([]);
  });

  test("is taken by Lambda and nobody else", () => {
    const { assumeRolePolicy } = inputsOf(graph, "aws:iam/role:Role", role);
    expect(assumeRolePolicy).toMatchObject({
      Statement: [
        { Effect: "Allow", Action: "sts:AssumeRole", Principal: { Service: "lambda.amazonaws.com" } },
      ],
    });
    expect((assumeRolePolicy as { Statement: unknown[] }).Statement).toHaveLength(1);
  });
});

test("there is no role, policy or attachment beside these two", () => {
  const iam = graph.resources.filter(({ type }) => type.startsWith("aws:iam/"));
  expect(iam.map(({ name }) => name).toSorted()).toEqual(["FlusherRole", "GatewayRole"]);
});
