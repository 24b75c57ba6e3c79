import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import { type GatewaySetup, startGateway } from "../../support/gateway.ts";
import {
  type Answerer,
  chatChunk,
  chatCompletion,
  DONE,
  json,
  sse,
  startUpstream,
  USAGE_CHUNK,
} from "../../support/upstream.ts";

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function start(
  answer: Answerer,
  provider: NonNullable<GatewaySetup["config"]["providers"]>[string],
  config: Partial<GatewaySetup["config"]> = {},
) {
  const upstream = await startUpstream(answer);
  const gateway = await startGateway({
    apiKeys: { it: "sk-provider" },
    signRequest: async ({ headers }) =>
      await Promise.resolve({ ...headers, authorization: "AWS4-HMAC-SHA256 x" }),
    config: { providers: { it: { baseUrl: upstream.baseUrl, ...provider } }, ...config },
  });
  stops.push(upstream.stop, gateway.stop);
  return {
    upstream,
    gateway,
    openai: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.secret, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: gateway.url, apiKey: gateway.secret, maxRetries: 0 }),
  };
}

const ANTHROPIC_MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content: [
    { type: "thinking", thinking: "Hm.", signature: "c2ln" },
    { type: "text", text: "Hello" },
    { type: "tool_use", id: "toolu_1", name: "look", input: { at: "it" } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 10, cache_read_input_tokens: 4, output_tokens: 6 },
};

const QUESTION = [{ role: "user" as const, content: "Hello?" }];

describe("a caller of OpenAI's with a provider of Anthropic's", () => {
  it("gets the message as a chat completion, and the record has it as it came", async () => {
    const { openai, upstream, gateway } = await start(json(ANTHROPIC_MESSAGE), {
      preset: "anthropic",
    });
    const completion = await openai.chat.completions.create({ model: "it/claude-x", messages: QUESTION });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "Hello",
        tool_calls: [{ id: "toolu_1", function: { name: "look", arguments: '{"at":"it"}' } }],
      },
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 14, completion_tokens: 6 });
    const [sent] = upstream.requests;
    expect(sent).toMatchObject({
      path: "/v1/messages",
      headers: { "x-api-key": "sk-provider", "anthropic-version": "2023-06-01" },
    });
    expect(JSON.parse(sent?.body ?? "")).toMatchObject({
      model: "claude-x",
      max_tokens: expect.any(Number) as number,
    });
    expect(gateway.records).toMatchObject([
      { endpoint: "chat.completions", answer: { format: "anthropic-messages", status: 200 } },
    ]);
    expect(JSON.parse(String(gateway.records[0]?.answer?.body))).toEqual(ANTHROPIC_MESSAGE);
  });

  it("is refused what cannot be said, with the field's name", async () => {
    const { openai, upstream } = await start(json(ANTHROPIC_MESSAGE), { preset: "anthropic" });
    const asking = openai.chat.completions.create({
      model: "it/claude-x",
      messages: QUESTION,
      logit_bias: { "50256": -100 },
    });
    await expect(asking).rejects.toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: "logit_bias",
    });
    expect(upstream.requests).toEqual([]);
  });

  it.each([true, ["logit_bias"]])(
    "gets an answer without it where dropParams is %j, and the record says so",
    async (dropParams) => {
      const { openai, gateway } = await start(
        json(ANTHROPIC_MESSAGE),
        { preset: "anthropic" },
        { dropParams },
      );
      await openai.chat.completions.create({
        model: "it/claude-x",
        messages: QUESTION,
        logit_bias: { "50256": -100 },
      });
      expect(gateway.records[0]?.droppedParams).toEqual(["logit_bias"]);
    },
  );

  it("gets an error in OpenAI's shape with the provider's status and headers", async () => {
    const { openai } = await start(
      json({ type: "error", error: { type: "rate_limit_error", message: "slow down" } }, 429, {
        "retry-after": "9",
      }),
      { preset: "anthropic" },
    );
    const error = await openai.chat.completions
      .create({ model: "it/claude-x", messages: QUESTION })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ message: expect.stringContaining("slow down") as string });
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("9");
  });

  it("gets 502 for a body that is no answer", async () => {
    const { openai, gateway } = await start(json({ hello: "world" }), { preset: "anthropic" });
    const asking = openai.chat.completions.create({ model: "it/claude-x", messages: QUESTION });
    await expect(asking).rejects.toMatchObject({ status: 502, code: "upstream_unreadable" });
    expect(gateway.records).toMatchObject([{ outcome: { kind: "failed", code: "upstream_unreadable" } }]);
  });
});

describe("a caller of Anthropic's with a provider of OpenAI's", () => {
  it("gets the stream as events of a message", async () => {
    const { anthropic, upstream } = await start(
      sse([
        chatChunk("Hel"),
        chatChunk("lo"),
        chatChunk("", { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
        USAGE_CHUNK,
        DONE,
      ]),
      {},
    );
    const message = await anthropic.messages
      .stream({ model: "it/gpt", max_tokens: 10, messages: QUESTION })
      .finalMessage();
    expect(message.content).toMatchObject([{ type: "text", text: "Hello" }]);
    expect(message.stop_reason).toBe("end_turn");
    expect(message.usage).toMatchObject({ input_tokens: 3, output_tokens: 2 });
    expect(upstream.requests[0]?.path).toBe("/v1/chat/completions");
    expect(upstream.requests[0]?.headers["anthropic-version"]).toBeUndefined();
  });

  it("is told in an error event when the stream breaks off", async () => {
    const { anthropic } = await start((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatChunk("Hel"), () => response.destroy());
    }, {});
    const asking = anthropic.messages
      .stream({ model: "it/gpt", max_tokens: 10, messages: QUESTION })
      .finalMessage();
    await expect(asking).rejects.toThrow(/broke off/);
  });

  it("gets a whole answer too", async () => {
    const { anthropic } = await start(json(chatCompletion("Hello")), {});
    const message = await anthropic.messages.create({ model: "it/gpt", max_tokens: 10, messages: QUESTION });
    expect(message).toMatchObject({ type: "message", model: "gpt-4o-2024", content: [{ text: "Hello" }] });
  });
});

describe("a caller of OpenAI's with a provider of Google's", () => {
  it("gets embeddings, as base64 as its SDK asks for", async () => {
    const { openai, upstream } = await start(
      json({ embeddings: [{ values: [0.6, 0.8] }, { values: [1, 0] }] }),
      { preset: "gemini" },
    );
    const { data } = await openai.embeddings.create({ model: "it/gemini-embedding-001", input: ["a", "b"] });
    expect(data[0]?.embedding.map((value) => Math.round(value * 10) / 10)).toEqual([0.6, 0.8]);
    expect(upstream.requests[0]).toMatchObject({
      path: "/v1/models/gemini-embedding-001:batchEmbedContents",
      headers: { "x-goog-api-key": "sk-provider" },
    });
  });

  it("gets a chat completion", async () => {
    const { openai, upstream } = await start(
      json({
        candidates: [
          { content: { role: "model", parts: [{ text: "Hello" }] }, finishReason: "STOP", index: 0 },
        ],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
      }),
      { preset: "gemini" },
    );
    const completion = await openai.chat.completions.create({
      model: "it/gemini-2.5-flash",
      messages: QUESTION,
    });
    expect(completion.choices[0]?.message.content).toBe("Hello");
    expect(upstream.requests[0]?.path).toBe("/v1/models/gemini-2.5-flash:generateContent");
  });
});

describe("a caller of Anthropic's with Claude on Bedrock", () => {
  it("keeps its own bytes but for what Bedrock wants elsewhere", async () => {
    const { anthropic, upstream, gateway } = await start(json(ANTHROPIC_MESSAGE), { preset: "bedrock" });
    const message = await anthropic.messages.create({
      model: "it/eu.anthropic.claude-sonnet-4-5-v1:0",
      max_tokens: 10,
      messages: QUESTION,
    });
    expect(message).toEqual(expect.objectContaining(ANTHROPIC_MESSAGE));
    const [sent] = upstream.requests;
    expect(sent?.path).toBe("/v1/model/eu.anthropic.claude-sonnet-4-5-v1%3A0/invoke");
    expect(sent?.headers.authorization).toMatch(/^AWS4/);
    expect(JSON.parse(sent?.body ?? "")).toEqual({
      anthropic_version: "bedrock-2023-05-31",
      max_tokens: 10,
      messages: QUESTION,
    });
    expect(gateway.records[0]?.answer?.format).toBe("bedrock-invoke");
  });
});
