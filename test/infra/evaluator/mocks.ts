/** Answers in the place of the AWS provider: the attributes that AWS would give a new resource. */
import type { MockCallArgs, MockResourceArgs, Mocks } from "@pulumi/pulumi/runtime/index.js";
import type { Resource } from "./graph.ts";

export const region = "eu-central-1";
export const accountId = "111122223333";

type Attributes = Record<string, unknown>;

/** Mocks that keep each resource in `resources` as it is registered. */
export function awsMocks(resources: Resource[]): Mocks {
  return {
    newResource: ({ type, name, inputs }: MockResourceArgs) => {
      resources.push({ type, name, inputs });
      return { id: `${name}-id`, state: { ...inputs, ...attributesOf(type, physicalName(name, inputs)) } };
    },
    call: ({ token, inputs }: MockCallArgs) => answerOf(token, inputs),
  };
}

/** The resource's own name, less the random end that SST gives it: what refers to the resource is then the same in each run. */
function physicalName(name: string, inputs: Attributes): string {
  const given = inputs["name"] ?? inputs["bucket"];
  return (typeof given === "string" ? given : name).replace(/-[abcdefhkmnorstuvwxz]{8}$/, "");
}

/** What AWS decides about a new resource and our config reads: its name, its ARN, its URL. */
function attributesOf(type: string, name: string): Attributes {
  switch (type) {
    case "aws:s3/bucket:Bucket":
      return { bucket: name, arn: `arn:aws:s3:::${name}` };
    case "aws:sqs/queue:Queue":
      return { name, arn: arn("sqs", name), url: `https://sqs.${region}.amazonaws.com/${accountId}/${name}` };
    case "aws:sns/topic:Topic":
      return { name, arn: arn("sns", name) };
    case "aws:dynamodb/table:Table":
      return { name, arn: arn("dynamodb", `table/${name}`) };
    case "aws:secretsmanager/secret:Secret":
      return { name, arn: arn("secretsmanager", `secret:${name}-AbCdEf`) };
    case "aws:cloudwatch/metricAlarm:MetricAlarm":
      return { name, arn: arn("cloudwatch", `alarm:${name}`) };
    case "aws:cloudwatch/logGroup:LogGroup":
      return { name, arn: arn("logs", `log-group:${name}`) };
    case "aws:iam/role:Role":
      return { name, arn: `arn:aws:iam::${accountId}:role/${name}` };
    case "aws:lambda/function:Function":
      return { name, arn: arn("lambda", `function:${name}`) };
    case "aws:lambda/functionUrl:FunctionUrl":
      return { functionUrl: `https://abcdefgh.lambda-url.${region}.on.aws/` };
    case "random:index/randomBytes:RandomBytes":
      return { base64: Buffer.alloc(32, 7).toString("base64") };
    default:
      return {};
  }
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

function answerOf(token: string, inputs: Attributes): Attributes {
  switch (token) {
    case "aws:index/getRegion:getRegion":
      return { region, id: region };
    case "aws:index/getPartition:getPartition":
      return { partition: "aws", id: "aws", dnsSuffix: "amazonaws.com" };
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId, id: accountId };
    case "aws:iam/getPolicyDocument:getPolicyDocument":
      // The real provider renders the document by itself too, without asking AWS.
      return { ...inputs, json: JSON.stringify(policyDocument(inputs)) };
    default:
      throw new Error(`The config calls ${token}, and the mocks have no answer to it`);
  }
}

interface StatementInput {
  effect?: string;
  actions: string[];
  resources: string[];
  principals?: { type: string; identifiers: string[] }[];
  conditions?: { test: string; variable: string; values: string[] }[];
}

function policyDocument(inputs: Attributes): object {
  const statements = (inputs["statements"] ?? []) as StatementInput[];
  return {
    Version: "2012-10-17",
    Statement: statements.map(({ effect = "Allow", actions, resources, principals, conditions }) => ({
      Effect: effect,
      Action: actions,
      Resource: resources,
      ...(principals && {
        Principal: Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers])),
      }),
      ...(conditions && {
        Condition: Object.fromEntries(
          conditions.map(({ test, variable, values }) => [test, { [variable]: values }]),
        ),
      }),
    })),
  };
}
