import OpenAI from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { startDemoModel } from "../../../../packages/local/src/demo-model/server.ts";

async function demo() {
  const model = await startDemoModel({ chunkIntervalMs: 0 });
  onTestFinished(() => model.close());
  const url = `${model.url}/openai/v1`;
  const openai = new OpenAI({ apiKey: "demo", baseURL: url, maxRetries: 0 });
  return { openai, url, root: model.url };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const user = (content: string) => [{ role: "user" as const, content }];
const weather = {
  type: "function" as const,
  function: {
    name: "get_weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        unit: { type: "string", enum: ["celsius"] },
        days: { type: "integer" },
      },
    },
  },
};

describe("a chat", () => {
  it("is answered with what was said, the same each time", async () => {
    const { openai } = await demo();
    const ask = () => openai.chat.completions.create({ model: "gpt-4o", messages: user("Good morning") });

    const [first, second] = [await ask(), await ask()];

    expect(first.choices).toMatchObject([
      {
        index: 0,
        finish_reason: "stop",
        message: { role: "assistant", content: expect.stringContaining('You said: "Good morning".') },
      },
    ]);
    expect(second.choices).toEqual(first.choices);
    expect(first.usage).toMatchObject({
      prompt_tokens: 2,
      total_tokens: 2 + (first.usage?.completion_tokens ?? 0),
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    });
  });

  it("streams the same text in many chunks, with usage only when asked", async () => {
    const { openai } = await demo();
    const request = { model: "gpt-4o", messages: user("Good morning") };
    const whole = await openai.chat.completions.create(request);

    const stream = await openai.chat.completions.create({ ...request, stream: true });
    const chunks = await collect(stream);
    const counted = await collect(
      await openai.chat.completions.create({
        ...request,
        stream: true,
        stream_options: { include_usage: true },
      }),
    );

    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(chunks.length).toBeGreaterThan(10);
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
    expect(counted.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(counted.at(0)?.usage).toBeNull();
  });

  it("gives as many choices as asked for, in a stream too", async () => {
    const { openai } = await demo();
    const request = { model: "gpt-4o", messages: user("Hi"), n: 3 };
    const whole = await openai.chat.completions.create(request);

    const streamed = await openai.chat.completions.stream(request).finalChatCompletion();

    const texts = whole.choices.map(({ message }) => message.content);
    expect(new Set(texts).size).toBe(3);
    expect(streamed.choices.map(({ message }) => message.content)).toEqual(texts);
  });

  it("is cut at the token limit", async () => {
    const { openai } = await demo();

    const { choices, usage } = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: user("Hi"),
      max_completion_tokens: 3,
    });

    expect(choices[0]?.finish_reason).toBe("length");
    expect(usage?.completion_tokens).toBe(3);
  });

  it("is answered with JSON that has the shape asked for", async () => {
    const { openai } = await demo();

    const { choices } = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: user("Who wrote Faust?"),
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "author",
          schema: {
            type: "object",
            properties: {
              name: { type: "string" },
              works: { type: "array", items: { type: "number" } },
              alive: { type: "boolean" },
            },
          },
        },
      },
    });

    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ name: "Faust", works: [1], alive: true });
  });
});

describe("a tool", () => {
  it("is called when the prompt speaks of it", async () => {
    const { openai } = await demo();

    const { choices } = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: user("How is the weather in Paris?"),
      tools: [weather],
    });

    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(choices[0]?.message.content).toBeNull();
    const [call] = choices[0]?.message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no function was called");
    expect(call.function.name).toBe("get_weather");
    expect(JSON.parse(call.function.arguments)).toEqual({ city: "Paris", unit: "celsius", days: 1 });
  });

  it("is called piece by piece in a stream", async () => {
    const { openai } = await demo();

    const streamed = await openai.chat.completions
      .stream({ model: "gpt-4o", messages: user("Weather in Rome"), tools: [weather] })
      .finalChatCompletion();

    const [call] = streamed.choices[0]?.message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no function was called");
    expect(call.function.name).toBe("get_weather");
    expect(JSON.parse(call.function.arguments)).toMatchObject({ city: "Rome" });
  });

  it.each([
    ["required", "Tell me a joke", true],
    [{ type: "function", function: { name: "get_weather" } }, "Tell me a joke", true],
    ["auto", "Tell me a joke", false],
    ["none", "How is the weather?", false],
  ] as const)("follows tool_choice %j", async (tool_choice, prompt, called) => {
    const { openai } = await demo();

    const { choices } = await openai.chat.completions.create({
      model: "gpt-4o",
      messages: user(prompt),
      tools: [weather],
      tool_choice,
    });

    expect(choices[0]?.message.tool_calls !== undefined).toBe(called);
  });

  it("is not called again after its answer", async () => {
    const { openai } = await demo();
    const calls = [
      { id: "c1", type: "function" as const, function: { name: "get_weather", arguments: "{}" } },
    ];

    const { choices } = await openai.chat.completions.create({
      model: "gpt-4o",
      tools: [weather],
      messages: [
        ...user("weather?"),
        { role: "assistant", tool_calls: calls },
        { role: "tool", tool_call_id: "c1", content: "weather: sunny" },
      ],
    });

    expect(choices[0]?.message.content).toContain('The tool answered: "weather: sunny"');
  });
});

describe("embeddings", () => {
  it("are unit vectors that follow from the text", async () => {
    const { openai } = await demo();
    const { data, usage } = await openai.embeddings.create({
      model: "text-embedding-3-small",
      input: ["one text", "another text", "one text"],
    });

    const [first, second, third] = data.map(({ embedding }) => embedding);
    expect(first).toHaveLength(1536);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1, 4);
    expect(third).toEqual(first);
    expect(second).not.toEqual(first);
    expect(usage).toEqual({ prompt_tokens: 6, total_tokens: 6 });
  });

  it("are the same as numbers and as base64, in as many dimensions as asked for", async () => {
    const { openai, url } = await demo();
    const request = { model: "text-embedding-3-small", input: "hi", dimensions: 8 };
    const floats = await openai.embeddings.create({ ...request, encoding_format: "float" });
    const raw = await fetch(`${url}/embeddings`, {
      method: "POST",
      body: JSON.stringify({ ...request, encoding_format: "base64" }),
    });
    const { data } = (await raw.json()) as { data: { embedding: string }[] };

    const bytes = Buffer.from(data[0]?.embedding ?? "", "base64");

    const numbers = Array.from({ length: 8 }, (_, index) => bytes.readFloatLE(index * 4));
    expect(floats.data[0]?.embedding).toEqual(numbers);
  });
});

describe("an error", () => {
  it.each([
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])("with status %i comes on request, by message or by model", async (status, type) => {
    const { openai } = await demo();

    await expect(
      openai.chat.completions.create({ model: "gpt-4o", messages: user(`please demo-error-${status}`) }),
    ).rejects.toThrow(type);
    await expect(
      openai.chat.completions.create({ model: `demo-error-${status}`, messages: user("hi"), stream: true }),
    ).rejects.toThrow(type);
    await expect(openai.embeddings.create({ model: `demo-error-${status}`, input: "hi" })).rejects.toThrow(
      type,
    );
  });

  it("has OpenAI's body, and says when to try again", async () => {
    const { openai } = await demo();

    const error = await openai.chat.completions
      .create({ model: "demo-error-429", messages: user("hi") })
      .catch((error) => error);

    expect(error.error).toEqual({
      message: "Rate limit reached. Please try again in 1s.",
      type: "requests",
      param: null,
      code: "rate_limit_exceeded",
    });
    expect(error.headers.get("retry-after")).toBe("1");
  });

  it.each([
    ["/chat/completions", "{", 400],
    ["/chat/completions", "[1", 400],
    ["/chat/completions", '{"model":"gpt-4o"}', 400],
    ["/chat/completions", '{"messages":[{"role":"user","content":"hi"}]}', 400],
    ["/embeddings", '{"model":"m"}', 400],
    ["/no-such-thing", "{}", 404],
  ])("comes from POST %s with %s", async (path, body, status) => {
    const { url } = await demo();

    const answer = await fetch(url + path, { method: "POST", body });

    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });
});

it("lists its models", async () => {
  const { openai } = await demo();

  const models = await collect(openai.models.list());

  expect(models.map(({ id }) => id)).toContain("gpt-4o-mini");
});

it("survives a client that leaves in the middle of a stream", async () => {
  const { openai, url } = await demo();
  const leaving = new AbortController();
  const answer = await fetch(`${url}/chat/completions`, {
    method: "POST",
    signal: leaving.signal,
    body: JSON.stringify({ model: "gpt-4o", stream: true, messages: user("word ".repeat(200)) }),
  });
  await answer.body?.getReader().read();

  leaving.abort();

  expect((await openai.models.list()).data.length).toBeGreaterThan(0);
});
