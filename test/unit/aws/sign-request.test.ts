import { createHash, createHmac } from "node:crypto";
import { createSignRequest } from "@sluice/aws/sign-request";
import { describe, expect, test } from "vitest";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW_MS = Date.UTC(2026, 10, 21, 12, 5, 42);
const BODY = '{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}';

/** A request as it arrives. */
interface SentRequest {
  readonly method: string;
  /** Path and query, as they stand in the request line. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The signature that a request must have, worked out after AWS's description alone ("Create a signed AWS API request"), as the
 * server would: the path encoded once more, the query sorted, the headers that the request itself names.
 */
function expectedSignature({ method, target, headers, body }: SentRequest): string {
  const authorization = headers["authorization"] ?? "";
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? "";
  const scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? "";
  const [path = "", query = ""] = target.split("?");
  const canonical = [
    method,
    path.split("/").map(encodeStrictly).join("/"),
    query.split("&").toSorted().join("&"),
    ...names.split(";").map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    names,
    createHash("sha256").update(body).digest("hex"),
  ].join("\n");
  const digest = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>(
      (secret, part) => createHmac("sha256", secret).update(part).digest(),
      `AWS4${SECRET}`,
    );
  return createHmac("sha256", key).update(toSign).digest("hex");
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signatureOf(headers: Readonly<Record<string, string>>): string {
  return /Signature=([0-9a-f]{64})$/.exec(headers["authorization"] ?? "")?.[1] ?? "none";
}

/** Requests of @aws-sdk/client-bedrock-runtime 3.1162.0 as a local server saw them, without headers that it does not sign. */
const OF_THE_SDK: readonly SentRequest[] = [
  {
    method: "POST",
    target: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    headers: {
      "content-type": "application/json",
      "content-length": "56",
      "x-amz-user-agent": "aws-sdk-js/3.1162.0",
      host: "127.0.0.1:43821",
      "amz-sdk-invocation-id": "89e799d2-c03e-4a58-9161-6571884e7832",
      "amz-sdk-request": "attempt=1; max=1",
      "x-amz-date": "20261121T120542Z",
      "x-amz-content-sha256": "45e583fed2564dc00e823303d7609f8587af7f685b993cb0f998afc0d480b01d",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=582367595d14c10ead1accc26737510739cec96d82ed4a3fc1c47933042aa890",
    },
    body: BODY,
  },
  {
    method: "POST",
    target:
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A012345678901%3Aapplication-inference-profile%2Fa1b2c3d4e5f6/converse-stream",
    headers: {
      "content-type": "application/json",
      "content-length": "56",
      "x-amz-user-agent": "aws-sdk-js/3.1162.0",
      host: "127.0.0.1:43821",
      "amz-sdk-invocation-id": "4cde6d89-5432-4202-801b-44410f67d011",
      "amz-sdk-request": "attempt=1; max=1",
      "x-amz-date": "20261121T120542Z",
      "x-amz-security-token": "session/token==",
      "x-amz-content-sha256": "45e583fed2564dc00e823303d7609f8587af7f685b993cb0f998afc0d480b01d",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/bedrock/aws4_request, SignedHeaders=amz-sdk-invocation-id;amz-sdk-request;content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-user-agent, Signature=3921f399c8689bdd54d38fad05aee03abd3ee6516a2421fa9bb07151673ebf78",
    },
    body: BODY,
  },
];

const signRequest = createSignRequest({
  credentials: () => Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET }),
  region: "eu-central-1",
  nowMs: () => NOW_MS,
});

/** Signs a POST, and gives it as it would arrive. */
async function send(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body = BODY,
): Promise<SentRequest> {
  const at = new URL(url);
  const signed = await signRequest({
    method: "POST",
    url: at,
    headers: { "content-type": "application/json", ...headers },
    body: Buffer.from(body),
  });
  return { method: "POST", target: `${at.pathname}${at.search}`, headers: signed, body };
}

describe("a signed request", () => {
  test.each(OF_THE_SDK)("of the SDK ($target) has the signature that this test works out", (request) => {
    expect(expectedSignature(request)).toBe(signatureOf(request.headers));
  });

  test.each([
    ["a model's id", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
    [
      "an inference profile's ARN",
      "arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/a1b2c3",
    ],
    ["a space and letters beyond ASCII", "my modél"],
  ])("has the right signature for %s in its path", async (_, model) => {
    const request = await send(
      `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(model)}/converse-stream`,
    );
    expect(signatureOf(request.headers)).toBe(expectedSignature(request));
    expect(request.headers).toMatchObject({
      host: "bedrock-runtime.us-east-1.amazonaws.com",
      "x-amz-date": "20261121T120542Z",
    });
  });

  test("covers query and body", async () => {
    const request = await send(
      "https://bedrock.us-east-1.amazonaws.com/foundation-models?b=2&a=x%20y&b=1",
      {},
      '{"a":"Zoë"}',
    );
    expect(signatureOf(request.headers)).toBe(expectedSignature(request));
    expect(expectedSignature({ ...request, body: "{}" })).not.toBe(signatureOf(request.headers));
  });

  test.each([
    ["bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"],
    ["bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["bedrock-runtime.ap-southeast-2.api.aws", "ap-southeast-2"],
    ["vpce-0a1-b2.bedrock-runtime.eu-west-3.vpce.amazonaws.com", "eu-west-3"],
    ["bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"],
    ["127.0.0.1", "eu-central-1"],
    ["bedrock.internal.example", "eu-central-1"],
  ])("to %s is for the region %s", async (host, region) => {
    const { headers } = await send(`https://${host}/model/m/converse`);
    expect(headers["authorization"]).toContain(`/20261121/${region}/bedrock/aws4_request`);
  });

  test("passes headers on, and signs those alone that nobody changes on the way", async () => {
    const { headers } = await send("http://localhost:8080/model/m/invoke", {
      accept: "application/json",
      "x-amzn-bedrock-guardrailidentifier": "g1",
    });
    expect(headers).toMatchObject({ accept: "application/json", host: "localhost:8080" });
    expect(headers["authorization"]).toContain(
      "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amzn-bedrock-guardrailidentifier,",
    );
  });

  test("takes nothing from a signature that the caller sent, and carries the role's session token", async () => {
    const session = createSignRequest({
      credentials: () =>
        Promise.resolve({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: SECRET, sessionToken: "ours" }),
      region: "us-east-1",
      nowMs: () => NOW_MS,
    });
    const theirs = {
      authorization: "Bearer sk-sluice-caller",
      "x-amz-date": "20200101T000000Z",
      "x-amz-security-token": "theirs",
      "x-amz-content-sha256": "0".repeat(64),
      host: "gateway.example",
    };
    const url = new URL("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke");
    const headers = await session({ method: "POST", url, headers: theirs, body: Buffer.from(BODY) });
    expect(headers).toMatchObject({ "x-amz-security-token": "ours", host: url.host });
    expect(JSON.stringify(headers)).not.toMatch(/theirs|20200101|gateway\.example|sk-sluice|"0{64}"/);
    const request = { method: "POST", target: url.pathname, headers, body: BODY };
    expect(signatureOf(headers)).toBe(expectedSignature(request));
  });

  test("is refused without credentials", async () => {
    const unable = createSignRequest({
      credentials: () => Promise.reject(new Error("no credentials")),
      region: "us-east-1",
      nowMs: () => NOW_MS,
    });
    const url = new URL("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke");
    await expect(unable({ method: "POST", url, headers: {}, body: Buffer.alloc(0) })).rejects.toThrow(
      "no credentials",
    );
  });
});
