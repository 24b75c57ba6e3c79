import { bucket } from "./bucket.ts";
import { bundledFunction } from "./bundled-function.ts";
import { environment } from "./environment.ts";
import { gatewayLimits } from "./limits.ts";
import { traceQueue } from "./queue.ts";
import { providersSecret } from "./secrets.ts";
import { table } from "./table.ts";

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
  ],
});
