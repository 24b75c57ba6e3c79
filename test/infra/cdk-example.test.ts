import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { beforeAll, describe, expect, it } from "vitest";
import { SluiceStack } from "../../docs/examples/cdk/sluice-stack.ts";
import { flusherLimits, queueLimits } from "../../infra/limits.ts";
import { ENVIRONMENT_VARIABLES } from "../../scripts/environment-table.ts";

/** The example through CDK's own synthesis, which refuses what CloudFormation would. */
describe("the CDK example", () => {
  let dist: string;
  let template: Template;
  const synthesize = (bedrock: boolean) =>
    Template.fromStack(new SluiceStack(new App(), "sluice", { stage: "test", dist, bedrock }));

  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), "sluice-cdk-"));
    await writeFile(join(dist, "gateway.zip"), "zip");
    await writeFile(join(dist, "flusher.zip"), "zip");
    template = synthesize(false);
  });

  it("lets the gateway call Bedrock where the config does, and only there", () => {
    const policies = (of: Template) => JSON.stringify(of.findResources("AWS::IAM::Policy"));
    expect(policies(template)).not.toContain("bedrock");
    expect(policies(synthesize(true))).toContain("bedrock:InvokeModelWithResponseStream");
  });

  it.each(["gateway", "flusher"] as const)("gives the %s every variable that it needs", (name) => {
    const [fn] = Object.values(
      template.findResources("AWS::Lambda::Function", {
        Properties: { MemorySize: name === "gateway" ? 512 : 1024 },
      }),
    ) as { Properties: { Environment: { Variables: Record<string, unknown> } } }[];
    const given = Object.keys(fn?.Properties.Environment.Variables ?? {});
    const needed = ENVIRONMENT_VARIABLES.filter(
      ({ functions, required }) => required && functions.includes(name),
    );
    expect(given).toEqual(expect.arrayContaining(needed.map((variable) => variable.name)));
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["streams its answers", "AWS::Lambda::Url", { InvokeMode: "RESPONSE_STREAM", AuthType: "NONE" }],
    [
      "reports the failed items of a batch",
      "AWS::Lambda::EventSourceMapping",
      { BatchSize: flusherLimits.batchSize, FunctionResponseTypes: ["ReportBatchItemFailures"] },
    ],
    [
      "keeps records as long as SST's queues do",
      "AWS::SQS::Queue",
      {
        MessageRetentionPeriod: queueLimits.retentionSeconds,
        VisibilityTimeout: queueLimits.visibilityTimeoutSeconds,
      },
    ],
  ])("%s", (_what, type, properties) => {
    expect(Object.keys(template.findResources(type, { Properties: properties }))).not.toEqual([]);
  });
});
