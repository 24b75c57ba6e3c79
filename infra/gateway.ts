import { bucket } from "./bucket.ts";
import { bundledFunction } from "./bundled-function.ts";
import { environment } from "./environment.ts";
import { gatewayLimits } from "./limits.ts";
import { readNeeds } from "./needs.ts";
import { traceQueue } from "./queue.ts";
import { providersSecret } from "./secrets.ts";
import { table } from "./table.ts";

const { accountId } = aws.getCallerIdentityOutput();
const { partition } = aws.getPartitionOutput();

/**
 * Calling models on Amazon Bedrock, only where the config has a provider that is called with the function's role. Any model and
 * any region: an inference profile calls its model in whichever of its regions it likes (Amazon Bedrock documentation,
 * "Prerequisites for inference profiles"). Which models may be used is the account's model access, and each key's allow-list.
 */
const bedrock: sst.aws.FunctionPermissionArgs[] = readNeeds().bedrock
  ? [
      {
        actions: ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
        resources: [
          $interpolate`arn:${partition}:bedrock:*::foundation-model/*`,
          $interpolate`arn:${partition}:bedrock:*:${accountId}:inference-profile/*`,
          $interpolate`arn:${partition}:bedrock:*:${accountId}:application-inference-profile/*`,
        ],
      },
    ]
  : [];

/**
 * The gateway behind its function URL. The URL is public and streams its answers; the virtual key of each call is checked by the
 * function. No CORS: a virtual key does not belong into a web page.
 */
export const gateway = bundledFunction("Gateway", {
  bundle: "gateway",
  description: "Sluice gateway: proxies model calls and puts one trace record per call on the queue",
  memory: `${gatewayLimits.memoryMb} MB`,
  timeout: `${gatewayLimits.timeoutMinutes} minutes`,
  streaming: true,
  url: { authorization: "none", cors: false },
  environment: { ...environment, SLUICE_PROVIDERS_SECRET: providersSecret.arn },
  permissions: [
    { actions: ["sqs:SendMessage"], resources: [traceQueue.arn] },
    {
      // Look a virtual key up; reserve budget and open the ledger with conditional writes.
      actions: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
      resources: [table.arn],
    },
    {
      actions: ["s3:PutObject"],
      resources: [$interpolate`${bucket.arn}/claims/*`, $interpolate`${bucket.arn}/spill/*`],
    },
    { actions: ["secretsmanager:GetSecretValue"], resources: [providersSecret.arn] },
    ...bedrock,
  ],
});
