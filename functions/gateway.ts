/** The gateway function: environment to dependencies to handler. Served by a function URL in streaming mode. */
import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import {
  createCallMetrics,
  createClients,
  createJsonLog,
  createJsonSecret,
  createKeyLookup,
  createOutbox,
  createProviderCredentials,
  logLevel,
  toGatewayRequest,
  toGatewayResponse,
} from "@sluice/aws";
import { resolveConfig } from "@sluice/config";
import { createGateway, createUpstreamCaller } from "@sluice/gateway";
import type { PostForm } from "@sluice/providers/google-access-token";
import type { Context, LambdaFunctionURLEvent } from "aws-lambda";
import config from "../sluice.config.ts";
import { required } from "./environment.ts";
import { createPriceLoader } from "./prices.ts";

/** The version in package.json, put in by the build. */
declare const SLUICE_VERSION: string;

const nowMs = () => Date.now();
const resolved = resolveConfig(config, process.env);
const { dynamodb, secretsManager, sqs } = createClients();
const table = { client: dynamodb, table: required("SLUICE_TABLE") };
const retries = { wait: (ms: number) => setTimeout(ms), random: () => Math.random() };
const bucketName = required("SLUICE_BUCKET");
const write = (line: string) => process.stdout.write(line);
const log = createJsonLog(write, nowMs, logLevel(process.env["SLUICE_LOG_LEVEL"]));

/** Made once, since it keeps the tokens; loaded only for Vertex AI. */
const googleAccessTokens = once(async () => {
  const { createGoogleAccessTokens } = await import("@sluice/providers/google-access-token");
  const post: PostForm = async (url, form, signal) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await fetch(url, { method: "POST", headers, body: form, signal });
    return { status: answer.status, body: await answer.text() };
  };
  return createGoogleAccessTokens({ post, nowMs });
});

const gateway = createGateway(resolved, {
  keys: createKeyLookup(table),
  loadLedger: once(async () => {
    const { createAccountStore, createRateStore } = await import("@sluice/aws/ledger");
    return { accounts: createAccountStore({ ...table, ...retries, nowMs }), rates: createRateStore(table) };
  }),
  loadPrices: createPriceLoader(config.prices, resolved),
  credentials: createProviderCredentials(
    createJsonSecret(secretsManager, required("SLUICE_PROVIDERS_SECRET"), nowMs),
  ),
  outbox: createOutbox({
    client: sqs,
    queueUrl: required("SLUICE_QUEUE_URL"),
    // Only what the queue does not take needs S3; the client is a third of the start-up time.
    putObject: async (key, bytes, signal) => {
      const { createBucket } = await import("@sluice/aws/bucket");
      await createBucket(bucketName).put(key, bytes, signal);
    },
    log,
    nowMs,
    ...retries,
  }),
  callUpstream: createUpstreamCaller(),
  // Only calls to Bedrock pay for the signer.
  signRequest: async (request) => {
    const { createSignRequest } = await import("@sluice/aws/sign-request");
    return await createSignRequest({
      credentials: sqs.config.credentials,
      region: await sqs.config.region(),
      nowMs,
    })(request);
  },
  googleAccessToken: async (serviceAccountJson, signal) =>
    await (await googleAccessTokens())(serviceAccountJson, signal),
  log,
  nowMs,
  random: randomBytes,
  wait: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
  onFinished: createCallMetrics({ write, stage: required("SLUICE_STAGE"), nowMs }),
  version: SLUICE_VERSION,
});

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/**
 * Not wrapped in middy: its streaming mode would put two more streams between provider and caller, and this
 * handler needs nothing else of it.
 */
export const handler = awslambda.streamifyResponse(
  async (event: LambdaFunctionURLEvent, stream: awslambda.HttpResponseStream, context: Context) => {
    // Kept connections to AWS and to providers must not hold the invocation open until its time limit.
    context.callbackWaitsForEmptyEventLoop = false;
    await gateway(toGatewayRequest(event, context, nowMs()), toGatewayResponse(stream));
  },
);
