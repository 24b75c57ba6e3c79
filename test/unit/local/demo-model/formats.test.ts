/** The demo model plays providers of every format; the gateway in front of it makes each reachable in any other. */
import Anthropic from "@anthropic-ai/sdk";
import { resolveConfig } from "@sluice/config";
import OpenAI, { toFile } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { startDemoModel } from "../../../../packages/local/src/demo-model/server.ts";
import {
  chooseProviders,
  providerVariables,
} from "../../../../packages/local/src/system/provider-targets.ts";
import { startGateway } from "../../../support/gateway.ts";

async function start() {
  const demo = await startDemoModel({ chunkIntervalMs: 0 });
  onTestFinished(() => demo.close());
  const targets = chooseProviders(resolveConfig({}, {}), {});
  const variables = providerVariables(targets, demo.url);
  const gateway = await startGateway({
    apiKeys: Object.fromEntries(targets.map(({ name, apiKey }) => [name, apiKey])),
    signRequest: async ({ headers }) => await Promise.resolve(headers),
    config: {
      providers: Object.fromEntries(
        targets.map(({ name }) => [name, { baseUrl: variables[`${name.toUpperCase()}_BASE_URL`] ?? "" }]),
      ),
    },
  });
  onTestFinished(() => gateway.stop());
  return {
    gateway,
    openai: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.secret, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: gateway.url, apiKey: gateway.secret, maxRetries: 0 }),
  };
}

const MODELS = [
  "gpt-4o",
  "claude-sonnet-5",
  "gemini-2.5-flash",
  "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0",
  "bedrock/amazon.nova-lite-v1:0",
  "groq/llama-3.3-70b-versatile",
];
const SAID = 'You said: "Good morning".';
const messages = [{ role: "user" as const, content: "Good morning" }];

describe("the demo model", () => {
  it.each(MODELS)("answers as %s to every client, whole and as a stream", async (model) => {
    const { openai, anthropic } = await start();

    const chat = await openai.chat.completions.create({ model, messages });
    expect(chat.choices[0]).toMatchObject({
      message: { content: expect.stringContaining(SAID) as string },
      finish_reason: "stop",
    });
    const streamed = await openai.chat.completions.stream({ model, messages }).finalChatCompletion();
    expect(streamed.choices[0]?.message.content).toBe(chat.choices[0]?.message.content);
    const response = await openai.responses.create({ model, input: "Good morning" });
    expect(response.output_text).toContain(SAID);
    const streamedResponse = await openai.responses.stream({ model, input: "Good morning" }).finalResponse();
    expect(streamedResponse.output_text).toBe(response.output_text);
    const message = await anthropic.messages.create({ model, messages, max_tokens: 100 });
    expect(message).toMatchObject({
      content: [{ type: "text", text: expect.stringContaining(SAID) as string }],
      stop_reason: "end_turn",
      usage: { input_tokens: 2 },
    });
    const streamedMessage = await anthropic.messages
      .stream({ model, messages, max_tokens: 100 })
      .finalMessage();
    expect(streamedMessage.content).toMatchObject(message.content);
    expect(streamedMessage.usage.output_tokens).toBe(message.usage.output_tokens);
  });

  it.each(MODELS)("calls a tool as %s", async (model) => {
    const { anthropic } = await start();
    const request = {
      model,
      max_tokens: 100,
      messages: [{ role: "user" as const, content: "What is the weather in Paris?" }],
      tools: [
        {
          name: "get_weather",
          input_schema: { type: "object" as const, properties: { city: { type: "string" } } },
        },
      ],
    };
    const call = { type: "tool_use", name: "get_weather", input: { city: "Paris" } };
    expect((await anthropic.messages.create(request)).content).toMatchObject([call]);
    const streamed = await anthropic.messages.stream(request).finalMessage();
    expect(streamed).toMatchObject({ content: [call], stop_reason: "tool_use" });
  });

  it.each(MODELS)("fails as %s when it is asked to", async (model) => {
    const { openai, anthropic } = await start();
    const failing = [{ role: "user" as const, content: "please demo-error-429" }];
    await expect(openai.chat.completions.create({ model, messages: failing })).rejects.toThrow(
      OpenAI.RateLimitError,
    );
    await expect(
      anthropic.messages.stream({ model, messages: failing, max_tokens: 9 }).finalMessage(),
    ).rejects.toThrow(Anthropic.RateLimitError);
  });

  it("counts tokens, and completes a prompt as before there were chats", async () => {
    const { openai, anthropic } = await start();
    expect(await anthropic.messages.countTokens({ model: "claude-sonnet-5", messages })).toEqual({
      input_tokens: 2,
    });
    const request = { model: "gpt-3.5-turbo-instruct", prompt: "Good morning", n: 2 };
    const whole = await openai.completions.create(request);
    expect(whole.choices.map(({ text }) => text)).toEqual([
      expect.stringContaining(SAID),
      expect.stringContaining("choice 2 of 2"),
    ]);
    const texts = ["", ""];
    for await (const { choices } of await openai.completions.create({ ...request, stream: true })) {
      for (const { index, text } of choices) texts[index] += text;
    }
    expect(texts).toEqual(whole.choices.map(({ text }) => text));
  });

  it("names an answer as its format does", async () => {
    const { anthropic, openai } = await start();
    const request = { model: "claude-sonnet-5", messages, max_tokens: 100 };
    expect((await anthropic.messages.create(request)).id).toMatch(/^msg_demo/);
    expect((await anthropic.messages.stream(request).finalMessage()).id).toMatch(/^msg_demo/);
    expect((await openai.chat.completions.create({ model: "gpt-4o", messages })).id).toMatch(
      /^chatcmpl-demo/,
    );
  });

  it("embeds as Gemini does", async () => {
    const { openai } = await start();
    const { data } = await openai.embeddings.create({
      model: "gemini-embedding-001",
      input: ["one", "two"],
      dimensions: 8,
    });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
  });

  it("answers what is no conversation, too", async () => {
    const { openai, gateway } = await start();
    const image = await openai.images.generate({ model: "gpt-image-1", prompt: "a cat" });
    expect(image.data?.[0]?.b64_json).toMatch(/^iVBOR/);
    const speech = await openai.audio.speech.create({ model: "tts-1", input: "Hello", voice: "alloy" });
    const sound = await speech.arrayBuffer();
    const file = await toFile(Buffer.from(sound), "hello.mp3", { type: "audio/mpeg" });
    const heard = await openai.audio.transcriptions.create({ model: "whisper-1", file });
    expect(heard.text).toContain(`hello.mp3, ${sound.byteLength} bytes`);
    const judged = await openai.moderations.create({ model: "omni-moderation-latest", input: "murder" });
    expect(judged.results[0]?.flagged).toBe(true);
    const body = JSON.stringify({ model: "cohere/rerank-v3.5", query: "a", documents: ["a", "b"] });
    const headers = { authorization: `Bearer ${gateway.secret}`, "content-type": "application/json" };
    const ranked = await fetch(`${gateway.url}/v1/rerank`, { method: "POST", headers, body });
    expect(await ranked.json()).toMatchObject({ results: [{ index: 0 }, { index: 1 }] });
    expect(gateway.records.map(({ endpoint, outcome }) => [endpoint, outcome.kind])).toEqual(
      ["images.generations", "audio.speech", "audio.transcriptions", "moderations", "rerank"].map(
        (endpoint) => [endpoint, "answered"],
      ),
    );
  });

  it("lists each model once", async () => {
    const { openai } = await start();
    const names = (await Array.fromAsync(openai.models.list())).map(({ id }) => id);
    expect(names.toSorted()).toEqual([
      "anthropic/claude-haiku-4-5",
      "anthropic/claude-sonnet-5",
      "gemini/gemini-2.5-flash",
      "gemini/gemini-2.5-pro",
      "gemini/gemini-embedding-001",
      "gpt-4o",
      "gpt-4o-mini",
      "gpt-4o-mini-tts",
      "gpt-4o-transcribe",
      "gpt-image-1",
      "omni-moderation-latest",
      "text-embedding-3-large",
      "text-embedding-3-small",
      "whisper-1",
    ]);
  });

  it("says how to reach what it does not play", async () => {
    const { gateway } = await start();
    const response = await fetch(`${gateway.url}/proxy/openai/files`, {
      headers: { authorization: `Bearer ${gateway.secret}` },
    });
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("Set the provider's API key");
  });
});
