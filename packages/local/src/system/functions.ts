/** The two functions of a local system, as a deployment would configure them. */
import { flusherLimits, gatewayLimits } from "../../../../infra/limits.ts";
import { createFunction, type LambdaFunction } from "../lambda/function.ts";
import type { FunctionOptions } from "../lambda/function-options.ts";
import type { ProcessGuard } from "../lambda/process-guard.ts";
import type { LocalOptions, Service } from "./local-system.ts";
import { builtFunction, type FunctionName } from "./project.ts";
import { StartProblem } from "./start-problem.ts";
import { NAMES } from "./stores.ts";
import { together } from "./together.ts";

/** The functions, loaded and waiting. */
export type Functions = Readonly<Record<FunctionName, LambdaFunction>>;

/** What is decided before the functions are made. */
export interface FunctionPlan {
  /** The project's root, in which they were built. */
  readonly root: string;
  readonly guard: ProcessGuard;
  /** Time limit of the gateway, ms. */
  readonly gatewayTimeoutMs: number;
  /** Where the services are. */
  readonly endpoints: Readonly<Record<Service, string>>;
  /** Where the gateway finds providers that are not where the config says. */
  readonly providerVariables: Readonly<Record<string, string>>;
  /** Where the flusher finds Langfuse when it is not where the config says. */
  readonly langfuseUrl: string | undefined;
}

/**
 * Makes both functions and loads their handlers, so that a bundle that cannot be loaded is known before the
 * first call. Throws `StartProblem`. They are ended with `running`.
 */
export async function startFunctions(
  plan: FunctionPlan,
  options: LocalOptions,
  running: AsyncDisposableStack,
): Promise<Functions> {
  const variables = commonVariables(await endpointsOfFunctions(plan.endpoints, options), options.env);
  const gateway = makeFunction("gateway", plan, options, {
    timeoutMs: plan.gatewayTimeoutMs,
    memoryMb: gatewayLimits.memoryMb,
    environment: {
      ...variables,
      ...plan.providerVariables,
      SLUICE_PROVIDERS_SECRET: NAMES.providersSecret,
    },
  });
  const flusher = makeFunction("flusher", plan, options, {
    timeoutMs: flusherLimits.timeoutSeconds * 1000,
    memoryMb: flusherLimits.memoryMb,
    environment: {
      ...variables,
      ...(plan.langfuseUrl && { LANGFUSE_BASE_URL: plan.langfuseUrl }),
      SLUICE_DRAINS_SECRET: NAMES.drainsSecret,
    },
  });
  for (const lambda of [gateway, flusher]) running.defer(() => lambda.stop());
  await together([warm(gateway), warm(flusher)]);
  return { gateway, flusher };
}

function makeFunction(
  name: FunctionName,
  { root, guard }: FunctionPlan,
  options: LocalOptions,
  made: Pick<FunctionOptions, "timeoutMs" | "memoryMb"> & { readonly environment: Record<string, string> },
): LambdaFunction {
  const changes = options.functions?.[name];
  return createFunction({
    name,
    directory: builtFunction(root, name),
    handler: "index.handler",
    guard,
    log: (line) => options.log?.(name, line),
    onOutcome: (outcome) => options.onOutcome?.(name, outcome),
    ...made,
    ...changes,
    environment: { ...made.environment, ...changes?.environment },
  });
}

async function warm(lambda: LambdaFunction): Promise<void> {
  try {
    await lambda.warm();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new StartProblem(
      `the ${lambda.name} function does not start (${reason}): run \`npm run build\`, and look above for its log`,
    );
  }
}

/** What a deployment sets for both functions. */
function commonVariables(
  endpoints: Readonly<Record<Service, string>>,
  env: LocalOptions["env"],
): Record<string, string> {
  const queueUrl = (name: string) => `${endpoints.sqs}/000000000000/${name}`;
  const certificates = env["NODE_EXTRA_CA_CERTS"];
  const logLevel = env["SLUICE_LOG_LEVEL"];
  return {
    SLUICE_STAGE: "local",
    SLUICE_TABLE: NAMES.table,
    SLUICE_QUEUE_URL: queueUrl(NAMES.queue),
    SLUICE_DLQ_URL: queueUrl(NAMES.deadLetterQueue),
    SLUICE_BUCKET: NAMES.bucket,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    ...(logLevel && { SLUICE_LOG_LEVEL: logLevel }),
    // Without it, providers behind a company's TLS proxy cannot be trusted.
    ...(certificates && { NODE_EXTRA_CA_CERTS: certificates }),
  };
}

async function endpointsOfFunctions(
  own: Readonly<Record<Service, string>>,
  { endpoint = (_service, url) => url }: LocalOptions,
): Promise<Record<Service, string>> {
  const [dynamodb, s3, secretsManager, sqs] = await Promise.all([
    endpoint("dynamodb", own.dynamodb),
    endpoint("s3", own.s3),
    endpoint("secretsManager", own.secretsManager),
    endpoint("sqs", own.sqs),
  ]);
  return { dynamodb, s3, secretsManager, sqs };
}
