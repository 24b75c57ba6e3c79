import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { logRetentionDays } from "./limits.ts";
import { observability } from "./observability.ts";
import { stageName } from "./stage.ts";

/** What differs between our functions. */
export interface BundledFunctionArgs
  extends Pick<sst.aws.FunctionArgs, "description" | "memory" | "timeout" | "streaming" | "url"> {
  /** The directory below `dist/` with `index.mjs`, and the end of the log group's name. */
  bundle: "gateway" | "flusher";
  /** The whole environment: nothing is added to it. */
  environment: Record<string, $util.Input<string>>;
  /** All that the function may do, but for writing its own log. */
  permissions: sst.aws.FunctionPermissionArgs[];
}

/**
 * A Lambda function on Node 24 and arm64 that runs a bundle of our own build, with exactly the files, the environment and the
 * permissions named here. SST's component adds some of each, and this takes them off again: docs/decisions/functions.md.
 */
export function bundledFunction(name: string, args: BundledFunctionArgs): sst.aws.Function {
  const { bundle, environment, permissions, ...rest } = args;
  const logGroup = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/aws/lambda/${stageName(bundle)}`,
    retentionInDays: logRetentionDays,
  });
  return new sst.aws.Function(name, {
    ...rest,
    runtime: "nodejs24.x",
    architecture: "arm64",
    bundle: resolve("dist", bundle),
    handler: "index.handler",
    // `sst dev` would put a proxy in the function's place and give its role `appsync:*`.
    dev: false,
    permissions: [
      ...permissions,
      {
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [$interpolate`${logGroup.arn}:*`],
      },
      // X-Ray has no resources to name.
      ...(observability.xray
        ? [{ actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"] }]
        : []),
    ],
    logging: { logGroup: logGroup.name },
    hook: {
      // SST writes the (empty) set of linked resources into every bundle.
      postbuild: (directory) => rm(join(directory, "resource.enc"), { force: true }),
    },
    transform: {
      // Without this: the key of resource.enc and the app's name as three more variables.
      function: {
        environment: { variables: environment },
        ...(observability.xray && { tracingConfig: { mode: "Active" } }),
      },
      role: {
        // Without this: AWSLambdaBasicExecutionRole, which may write to every log group of the account.
        managedPolicyArns: [],
        // Without this: SST 4.17 lets every principal of the account take the role, which is meant for `sst dev` alone.
        assumeRolePolicy: aws.iam.assumeRolePolicyForPrincipal({ Service: "lambda.amazonaws.com" }),
      },
    },
  });
}
