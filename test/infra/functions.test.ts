/** The two functions, how they are called, and where they log. */
import { rm } from "node:fs/promises";
import { SWEEP_EVENT } from "@sluice/flusher";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Evaluation, evaluate } from "./evaluator/evaluate.ts";
import { inputsOf, resourcesOf } from "./evaluator/graph.ts";

let graph: Evaluation;
beforeAll(async () => {
  graph = await evaluate({ stage: "test" });
}, 60_000);
afterAll(() => rm(graph.workDirectory, { recursive: true }));

const bothFunctions = {
  SLUICE_STAGE: "test",
  SLUICE_TABLE: "sluice-test-StateTable",
  SLUICE_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/111122223333/sluice-test-TracesQueue",
  SLUICE_DLQ_URL: "https://sqs.eu-central-1.amazonaws.com/111122223333/sluice-test-TracesDeadLetterQueue",
  SLUICE_BUCKET: "sluice-test-recordsbucket",
  SLUICE_LOG_LEVEL: "info",
};
const secretArn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:sluice/test";

const gateway = () => inputsOf(graph, "aws:lambda/function:Function", "GatewayFunction");
const flusher = () => inputsOf(graph, "aws:lambda/function:Function", "FlusherFunction");
const source = () => {
  const [mapping, ...others] = resourcesOf(graph, "aws:lambda/eventSourceMapping:EventSourceMapping");
  expect(others).toEqual([]);
  return mapping?.inputs ?? {};
};

test("there are two functions and no other", () => {
  const names = resourcesOf(graph, "aws:lambda/function:Function").map(({ name }) => name);
  expect(names.toSorted()).toEqual(["FlusherFunction", "GatewayFunction"]);
});

describe("the gateway function", () => {
  test("runs the bundle's handler on Node 24 and arm64 with 512 MB for at most 15 minutes", () => {
    expect(gateway()).toMatchObject({
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      handler: "index.handler",
      memorySize: 512,
      timeout: 900,
    });
  });

  test("gets the variables of the contract and no other", () => {
    expect(gateway()["environment"]).toEqual({
      variables: { ...bothFunctions, SLUICE_PROVIDERS_SECRET: `${secretArn}/providers-AbCdEf` },
    });
  });

  test("streams its answers from a public URL, without CORS", () => {
    const url = inputsOf(graph, "aws:lambda/functionUrl:FunctionUrl", "GatewayUrl");
    expect(url).toEqual({
      functionName: "sluice-test-GatewayFunction",
      authorizationType: "NONE",
      invokeMode: "RESPONSE_STREAM",
    });
    expect(resourcesOf(graph, "aws:lambda/functionUrl:FunctionUrl")).toHaveLength(1);
  });

  test("may be called by everybody through that URL, and in no other way", () => {
    const permissions = resourcesOf(graph, "aws:lambda/permission:Permission")
      .map(({ inputs }) => inputs)
      .filter((permission) => permission["function"] === "sluice-test-GatewayFunction");
    expect(permissions).toHaveLength(2);
    expect(permissions).toContainEqual({
      action: "lambda:InvokeFunctionUrl",
      function: "sluice-test-GatewayFunction",
      principal: "*",
      functionUrlAuthType: "NONE",
    });
    expect(permissions).toContainEqual({
      action: "lambda:InvokeFunction",
      function: "sluice-test-GatewayFunction",
      principal: "*",
      invokedViaFunctionUrl: true,
    });
  });
});

describe("the flusher function", () => {
  test("runs the bundle's handler on Node 24 and arm64 with 1024 MB for at most 5 minutes", () => {
    expect(flusher()).toMatchObject({
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      handler: "index.handler",
      memorySize: 1024,
      timeout: 300,
    });
  });

  test("gets the variables of the contract and no other", () => {
    expect(flusher()["environment"]).toEqual({
      variables: {
        ...bothFunctions,
        SLUICE_DRAINS_SECRET: `${secretArn}/drains-AbCdEf`,
        SLUICE_EVENTS_TOPIC: "arn:aws:sns:eu-central-1:111122223333:sluice-test-EventsTopic",
      },
    });
  });

  test("is fed from the trace queue in batches, answers per record, and never more than four at once", () => {
    expect(source()).toEqual({
      eventSourceArn: "arn:aws:sqs:eu-central-1:111122223333:sluice-test-TracesQueue",
      functionName: "arn:aws:lambda:eu-central-1:111122223333:function:sluice-test-FlusherFunction",
      batchSize: 1000,
      maximumBatchingWindowInSeconds: 5,
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency: 4 },
    });
  });

  test("has no event filter, because a filter deletes what it does not match", () => {
    expect(source()).not.toHaveProperty("filterCriteria");
  });

  test("is told every five minutes to bring spilled records back, by an event that it knows", () => {
    expect(inputsOf(graph, "aws:cloudwatch/eventRule:EventRule", "SweepRule")).toMatchObject({
      scheduleExpression: "rate(5 minutes)",
      state: "ENABLED",
    });
    const { input, arn } = inputsOf(graph, "aws:cloudwatch/eventTarget:EventTarget", "SweepTarget");
    expect(JSON.parse(String(input))).toEqual(SWEEP_EVENT);
    expect(arn).toBe("arn:aws:lambda:eu-central-1:111122223333:function:sluice-test-FlusherFunction");
  });

  test("leaves a batch hidden for six times the longest run before it is delivered again", () => {
    const { visibilityTimeoutSeconds } = inputsOf(graph, "aws:sqs/queue:Queue", "TracesQueue");
    expect(visibilityTimeoutSeconds).toBeGreaterThanOrEqual(6 * Number(flusher()["timeout"]));
  });
});

test.each(["Gateway", "Flusher"])("the %s's log is kept for a month, in a group of its own", (name) => {
  const group = `/aws/lambda/sluice-test-${name.toLowerCase()}`;
  expect(inputsOf(graph, "aws:cloudwatch/logGroup:LogGroup", `${name}Logs`)).toEqual({
    name: group,
    retentionInDays: 30,
  });
  expect(inputsOf(graph, "aws:lambda/function:Function", `${name}Function`)["loggingConfig"]).toEqual({
    logFormat: "Text",
    logGroup: group,
  });
});

test("the deploy prints where everything is", () => {
  expect(graph.outputs).toMatchObject({
    gatewayUrl: "https://abcdefgh.lambda-url.eu-central-1.on.aws/",
    queueUrl: bothFunctions.SLUICE_QUEUE_URL,
    deadLetterQueueUrl: bothFunctions.SLUICE_DLQ_URL,
    table: bothFunctions.SLUICE_TABLE,
    bucket: bothFunctions.SLUICE_BUCKET,
    providersSecret: "sluice/test/providers",
    drainsSecret: "sluice/test/drains",
    gatewayFunction: "sluice-test-GatewayFunction",
    flusherFunction: "sluice-test-FlusherFunction",
  });
});
