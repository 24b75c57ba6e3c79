/** The official client against the built bundles, with the demo model behind them. */
import OpenAI, { AuthenticationError, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSystem, type TestSystem } from "../support/system.ts";

let system: TestSystem;
let client: OpenAI;

beforeAll(async () => {
  system = await startSystem();
  client = new OpenAI({ apiKey: system.key, baseURL: `${system.url}/v1`, maxRetries: 0 });
});

afterAll(() => system.stop());

/** The observation of the call whose answer had this trace id, once it is there. */
async function observation(traceId: string | null | undefined) {
  await expect
    .poll(() => system.spans().filter((span) => span.traceId === traceId), { timeout: 90_000 })
    .toHaveLength(1);
  return system.spans().find((span) => span.traceId === traceId);
}

const MESSAGES = [{ role: "user" as const, content: "Hello there" }];

describe("the openai package", () => {
  it("chats, and the call is one observation with everything that was said", async () => {
    const { data, response } = await client.chat.completions
      .create(
        { model: "gpt-4o", messages: MESSAGES, temperature: 0.5, user: "body-user" },
        {
          headers: {
            "x-session-id": "s1",
            "x-user-id": "u1",
            "x-sluice-tags": "a,b",
            "x-sluice-environment": "Test",
          },
        },
      )
      .withResponse();
    expect(data.choices[0]?.message.content).toContain("Hello there");
    expect(await observation(response.headers.get("x-sluice-trace-id"))).toMatchObject({
      type: "generation",
      level: "DEFAULT",
      model: "gpt-4o",
      modelParameters: { temperature: 0.5 },
      input: { messages: MESSAGES },
      output: { role: "assistant", content: data.choices[0]?.message.content },
      usage: {
        input: data.usage?.prompt_tokens,
        output: data.usage?.completion_tokens,
        total: data.usage?.total_tokens,
      },
      user: "u1",
      session: "s1",
      tags: ["a", "b"],
      environment: "test",
      metadata: { key_alias: "local", provider: "openai", http_status: 200 },
    });
  });

  it("streams, and the observation has the whole text and the usage that the client did not ask for", async () => {
    const { data, response } = await client.chat.completions
      .create({ model: "gpt-4o", messages: MESSAGES, stream: true })
      .withResponse();
    let text = "";
    for await (const chunk of data) {
      expect(chunk.choices).toHaveLength(1);
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toContain("Hello there");
    const span = await observation(response.headers.get("x-sluice-trace-id"));
    expect(span).toMatchObject({ output: { content: text }, level: "DEFAULT" });
    expect(span).toMatchObject({ usage: { total: expect.toSatisfy((total) => total > 0) as number } });
    expect(Date.parse(String(span?.completionStartTime))).toBeGreaterThanOrEqual(
      Date.parse(span?.startTime ?? ""),
    );
  });

  it("streams with usage when the client asks for it", async () => {
    const stream = await client.chat.completions.create({
      model: "gpt-4o",
      messages: MESSAGES,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { total_tokens: expect.any(Number) as number },
    });
  });

  it("calls a tool, streaming and not", async () => {
    const request = {
      model: "gpt-4o",
      messages: [{ role: "user" as const, content: "What is the weather?" }],
      tools: [
        {
          type: "function" as const,
          function: {
            name: "get_weather",
            parameters: { type: "object", properties: { city: { type: "string" } } },
          },
        },
      ],
      tool_choice: "required" as const,
    };
    const whole = await client.chat.completions.create(request).withResponse();
    const call = whole.data.choices[0]?.message.tool_calls?.[0];
    expect(call).toMatchObject({ type: "function", function: { name: "get_weather" } });
    expect(await observation(whole.response.headers.get("x-sluice-trace-id"))).toMatchObject({
      input: { tools: request.tools },
      output: { tool_calls: [{ function: { name: "get_weather" } }] },
    });
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "get_weather" } });
    expect(streamed.choices[0]?.finish_reason).toBe("tool_calls");
  });

  it("embeds, in the base64 that the client asks for", async () => {
    const { data, response } = await client.embeddings
      .create({ model: "text-embedding-3-small", input: ["one", "two"] })
      .withResponse();
    expect(data.data.map(({ embedding }) => embedding.length)).toEqual([1536, 1536]);
    expect(await observation(response.headers.get("x-sluice-trace-id"))).toMatchObject({
      type: "embedding",
      model: "text-embedding-3-small",
      level: "DEFAULT",
    });
  });

  it("gets the provider's error as its own error class, and the observation is an ERROR that costs nothing", async () => {
    const error: unknown = await client.chat.completions
      .create({ model: "demo-error-429", messages: MESSAGES })
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof RateLimitError)) throw new Error(`not a rate limit: ${String(error)}`);
    expect(error.headers.get("retry-after")).not.toBeNull();
    expect(await observation(error.headers.get("x-sluice-trace-id"))).toMatchObject({
      level: "ERROR",
      usage: { input: 0, output: 0, total: 0 },
      cost: { total: 0 },
    });
  });

  it("is told about a wrong key at once, without a retry", async () => {
    const stranger = new OpenAI({ apiKey: "sk-sluice-nobody", baseURL: `${system.url}/v1`, maxRetries: 5 });
    const error: unknown = await stranger.models.list().catch((thrown: unknown) => thrown);
    if (!(error instanceof AuthenticationError))
      throw new Error(`not an authentication error: ${String(error)}`);
    expect(error.code).toBe("invalid_api_key");
  });

  it("lists the models", async () => {
    const models = await Array.fromAsync(client.models.list());
    expect(models.map(({ id }) => id)).toContain("gpt-4o-mini");
  });
});
