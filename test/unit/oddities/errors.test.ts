/** Errors as providers tell them: unchanged for a caller of their format, with their message and status for any other. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { delta } from "../../support/chat-bodies.ts";
import { startGateway } from "../../support/gateway.ts";
import { startUpstream } from "../../support/upstream.ts";
import { call, callersOf, type Format, type OddProvider, startOddProvider } from "./oddity.ts";

let provider: OddProvider;

beforeAll(async () => {
  provider = await startOddProvider();
});

afterAll(async () => {
  await provider.stop();
});

interface OddError {
  readonly what: string;
  readonly format: Format;
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What every caller can read of it. */
  readonly message: string;
}

const RETRY = { "retry-after": "7", "retry-after-ms": "7000", "x-should-retry": "true" };

const ERRORS: readonly OddError[] = [
  {
    what: "code is a number",
    format: "openai-chat",
    status: 404,
    body: '{"error":{"message":"no such model","code":404}}',
    message: "no such model",
  },
  {
    what: "code is a string",
    format: "openai-chat",
    status: 404,
    body: '{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}',
    message: "no such model",
  },
  {
    what: "code is null",
    format: "openai-chat",
    status: 400,
    body: '{"error":{"message":"bad","type":"invalid_request_error","param":null,"code":null}}',
    message: "bad",
  },
  { what: "only a message", format: "openai-chat", status: 500, body: '{"message":"oops"}', message: "oops" },
  {
    what: "failed_generation (Groq)",
    format: "openai-chat",
    status: 400,
    body: '{"error":{"message":"tool use failed","code":"tool_use_failed","failed_generation":"<x>"}}',
    message: "tool use failed",
  },
  {
    what: "innererror (Azure)",
    format: "openai-chat",
    status: 400,
    body: '{"error":{"message":"filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}',
    message: "filtered",
  },
  {
    what: "an HTML page",
    format: "openai-chat",
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<html><body><h1>Bad gateway</h1></body></html>",
    message: "502",
  },
  {
    what: "429 with what tells when to try again",
    format: "openai-chat",
    status: 429,
    headers: RETRY,
    body: '{"error":{"message":"slow down","code":"rate_limit_exceeded"}}',
    message: "slow down",
  },
  {
    what: "429 without a header",
    format: "anthropic-messages",
    status: 429,
    body: '{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}',
    message: "slow down",
  },
  {
    what: "529",
    format: "anthropic-messages",
    status: 529,
    headers: RETRY,
    body: '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}',
    message: "Overloaded",
  },
  {
    what: "Bedrock's type only in x-amzn-errortype",
    format: "bedrock-converse",
    status: 429,
    headers: { "x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/" },
    body: '{"message":"Too many requests"}',
    message: "Too many requests",
  },
  {
    what: "a list (Gemini)",
    format: "gemini-generate-content",
    status: 400,
    body: '[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]',
    message: "API key not valid",
  },
];

function answerWith({ body, ...error }: OddError): Record<string, string> {
  const headers = { "content-type": "application/json", "x-request-id": "req_p", ...error.headers };
  provider.answer({ ...error, headers, body: Buffer.from(body) });
  return headers;
}

describe("an error of the provider", () => {
  it.each(ERRORS)("passes as it is: $what", async (error) => {
    const headers = answerWith(error);
    const received = await call(provider, error.format, error.format, false);
    expect(received.status).toBe(error.status);
    expect(received.body.toString("utf8")).toBe(error.body);
    expect(Object.fromEntries(received.headers)).toMatchObject(headers);
  });

  const translated = ERRORS.flatMap((error) =>
    callersOf(error.format).map((caller) => ({ ...error, caller })),
  );

  it.each(translated)("is told to $caller with status, retry headers and message: $what", async (error) => {
    const { "content-type": _, ...headers } = answerWith(error);
    const received = await call(provider, error.format, error.caller, true);
    expect(received.status).toBe(error.status);
    expect(received.reading.error?.message).toContain(error.message);
    expect(Object.fromEntries(received.headers)).toMatchObject({
      ...headers,
      "content-type": "application/json",
    });
  });
});

describe("a stream that breaks off at the edge of an event", () => {
  it.each([
    ["openai-chat", "by a reset"],
    ["anthropic-messages", "by a reset"],
    ["openai-responses", "by a reset"],
    // In the pipe it is passed on as it is: the caller reads what the provider sent.
    ["anthropic-messages", "by a clean end without the end mark"],
    ["openai-responses", "by a clean end without the end mark"],
  ] as const)("never looks like a clean end to a caller of %s, %s", async (caller, how) => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(delta({ content: "Hal" }))}\n\n`, () => {
        if (how === "by a reset") response.destroy();
        else response.end();
      });
    });
    const gateway = await startGateway({
      apiKeys: { "openai-chat": "k" },
      config: { providers: { "openai-chat": { baseUrl: upstream.baseUrl, speaks: ["openai-chat"] } } },
    });
    const broken: OddProvider = { gateway, answer: () => undefined, stop: () => Promise.resolve() };
    const { reading } = await call(broken, "openai-chat", caller, true);
    expect(reading).toMatchObject({
      choices: [{ text: "Hal" }],
      error: { message: expect.any(String) as string },
    });
    expect(gateway.records).toMatchObject([{ outcome: { kind: "failed", code: "upstream_broken" } }]);
    await gateway.stop();
    await upstream.stop();
  });
});
