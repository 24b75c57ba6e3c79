/**
 * Signs requests to Amazon Bedrock with the function's own role (AWS Signature Version 4), with the SDK's signer. Imported only
 * when a call goes to Bedrock.
 */
import type { SignRequest } from "@sluice/gateway";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentityProvider } from "@smithy/types";

/** What a signer takes. */
export interface SignRequestOptions {
  /** The credentials of an SDK client (`client.config.credentials`), which renews them when they expire. */
  readonly credentials: AwsCredentialIdentityProvider;
  /** Of hosts that name no region (a VPC endpoint's private name, a test's server). */
  readonly region: string;
  readonly nowMs: () => number;
}

/** The service of the signature's scope; `bedrock-runtime` is only the name of the endpoint. */
const SERVICE = "bedrock";

/** `bedrock-runtime.us-east-1.amazonaws.com`, and the names of FIPS, dual-stack and VPC endpoints. */
const REGION_IN_HOST = /(?:^|\.)([a-z]{2,}(?:-[a-z]+)+-\d+)\./;

/** Headers that the signature needs; others may be changed on the way without harm. */
const SIGNED = /^(?:content-type|x-amz-.*|x-amzn-.*)$/;

/** Headers that the signer itself sets: a caller's own would speak for another signature. */
const OWN = new Set(["authorization", "host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]);

/**
 * A signer of requests. A signature is for the very method, URL, body and minute: sign again for each attempt. The path is
 * signed as the URL has it, so a model's id or ARN has to be percent-encoded in it (`encodeURIComponent`): the signature then
 * covers the doubly encoded path that Bedrock expects. Rejects when there are no credentials.
 */
export function createSignRequest({ credentials, region, nowMs }: SignRequestOptions): SignRequest {
  return async ({ method, url, headers, body }) => {
    const passed = Object.entries(headers).filter(([name]) => !OWN.has(name));
    const signer = new SignatureV4({
      service: SERVICE,
      region: REGION_IN_HOST.exec(url.hostname)?.[1] ?? region,
      credentials,
      sha256: Sha256,
    });
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { ...Object.fromEntries(passed.filter(([name]) => SIGNED.test(name))), host: url.host },
        body,
      },
      { signingDate: new Date(nowMs()) },
    );
    return { ...Object.fromEntries(passed), ...signed.headers };
  };
}

function queryOf({ searchParams }: URL): Record<string, string[]> {
  return Object.fromEntries(searchParams.keys().map((name) => [name, searchParams.getAll(name)]));
}
