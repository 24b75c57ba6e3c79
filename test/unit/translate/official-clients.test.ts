/** The official clients read what a translation writes, as they read a provider. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Anthropic from "@anthropic-ai/sdk";
import { type ConversationFormat, type ModelAnswer, translate } from "@sluice/translate";
import { parseJson } from "@sluice/wire";
import { generateText, jsonSchema, type LanguageModel, streamText, type ToolSet } from "ai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { corpusBody, corpusCases } from "../../support/corpus.ts";
import { atRandomOffsets } from "../../support/delivery.ts";
import { FORMATS } from "./formats.ts";
import { answerBody, answerStream, createIds, FORMAT_NAMES, readJson, streamOf } from "./provider.ts";

/** What a client made of an answer. */
interface Understood {
  readonly text: string;
  readonly reasoning?: string;
  readonly calls: readonly (readonly [id: string, name: string, input: unknown])[];
  readonly finish: string | null | undefined;
  readonly input: number | undefined;
  readonly output: number | undefined;
}

/** A client: the format it speaks, and how it asks. */
interface Client {
  readonly format: ConversationFormat;
  /** Its word for an answer that calls tools. */
  readonly finish: string;
  /** Whether it shows reasoning. */
  readonly reasoning: boolean;
  readonly ask: (fetch: typeof globalThis.fetch, streaming: boolean) => Promise<Understood>;
}

const OPTIONS = { apiKey: "key", baseURL: "https://gateway.test/v1", maxRetries: 0 };
const TOOLS: ToolSet = {
  weather: {
    inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } }, required: ["city"] }),
  },
};
const MESSAGES = [{ role: "user", content: "What is the weather?" }] as const;

const CLIENTS: Readonly<Record<string, Client>> = {
  "openai, chat completions": {
    format: "openai-chat",
    finish: "tool_calls",
    reasoning: false,
    async ask(fetch, streaming) {
      const { completions } = new OpenAI({ ...OPTIONS, fetch }).chat;
      const request = { model: "alias", messages: [...MESSAGES] };
      const usage = { stream_options: { include_usage: true } };
      const answer = streaming
        ? await completions.stream({ ...request, ...usage }).finalChatCompletion()
        : await completions.create(request);
      const [choice] = answer.choices;
      const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === "function");
      return {
        text: choice?.message.content ?? "",
        calls: calls.map(({ id, function: f }) => [id, f.name, parseJson(f.arguments)]),
        finish: choice?.finish_reason,
        input: answer.usage?.prompt_tokens,
        output: answer.usage?.completion_tokens,
      };
    },
  },
  "openai, responses": {
    format: "openai-responses",
    finish: "completed",
    reasoning: true,
    async ask(fetch, streaming) {
      const { responses } = new OpenAI({ ...OPTIONS, fetch });
      const request = { model: "alias", input: "What is the weather?" };
      const answer = streaming
        ? await responses.stream(request).finalResponse()
        : await responses.create(request);
      const output: readonly OpenAI.Responses.ResponseOutputItem[] = answer.output;
      const calls = output.filter((item) => item.type === "function_call");
      const thought = output.filter((item) => item.type === "reasoning");
      return {
        text: answer.output_text,
        reasoning: thought.flatMap(({ summary }) => summary.map(({ text }) => text)).join(""),
        calls: calls.map((call) => [call.call_id, call.name, parseJson(call.arguments)]),
        finish: answer.status,
        input: answer.usage?.input_tokens,
        output: answer.usage?.output_tokens,
      };
    },
  },
  "@anthropic-ai/sdk": {
    format: "anthropic-messages",
    finish: "tool_use",
    reasoning: true,
    async ask(fetch, streaming) {
      const { messages } = new Anthropic({ ...OPTIONS, baseURL: "https://gateway.test", fetch });
      const request = { model: "alias", max_tokens: 100, messages: [...MESSAGES] };
      const answer = streaming
        ? await messages.stream(request).finalMessage()
        : await messages.create(request);
      const { cache_read_input_tokens: cached } = answer.usage;
      return {
        text: answer.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(""),
        reasoning: answer.content
          .flatMap((block) => (block.type === "thinking" ? [block.thinking] : []))
          .join(""),
        calls: answer.content.flatMap((block) =>
          block.type === "tool_use" ? [[block.id, block.name, block.input] as const] : [],
        ),
        finish: answer.stop_reason,
        // Anthropic counts what was read from the cache apart.
        input: answer.usage.input_tokens + (cached ?? 0),
        output: answer.usage.output_tokens,
      };
    },
  },
  "ai, chat completions": aiSdk("openai-chat", false, (fetch) =>
    createOpenAI({ ...OPTIONS, fetch }).chat("alias"),
  ),
  "ai, responses": aiSdk("openai-responses", true, (fetch) =>
    createOpenAI({ ...OPTIONS, fetch }).responses("alias"),
  ),
  "ai, anthropic": aiSdk("anthropic-messages", true, (fetch) =>
    createAnthropic({ ...OPTIONS, fetch })("alias"),
  ),
  "ai, compatible": aiSdk("openai-chat", true, (fetch) =>
    createOpenAICompatible({ ...OPTIONS, name: "sluice", includeUsage: true, fetch })("alias"),
  ),
};

/** The AI SDK has one surface for all formats. */
function aiSdk(
  format: ConversationFormat,
  reasoning: boolean,
  model: (fetch: typeof globalThis.fetch) => LanguageModel,
): Client {
  return {
    format,
    finish: "tool-calls",
    reasoning,
    async ask(fetch, streaming) {
      const options = {
        model: model(fetch),
        messages: [...MESSAGES],
        tools: TOOLS,
        maxRetries: 0,
      };
      const errors: unknown[] = [];
      const answer = streaming
        ? streamText({ ...options, onError: ({ error }) => void errors.push(error) })
        : await generateText(options);
      const understood = {
        text: await answer.text,
        reasoning: (await answer.reasoningText) ?? "",
        calls: (await answer.toolCalls).map((call) => [call.toolCallId, call.toolName, call.input] as const),
        finish: await answer.finishReason,
        input: (await answer.usage).inputTokens,
        output: (await answer.usage).outputTokens,
      };
      if (errors.length > 0) throw errors[0];
      return understood;
    },
  };
}

/** A gateway that translates each call to a provider of this format, which answers with these bytes. */
function gateway(from: ConversationFormat, to: ConversationFormat, answer: (streaming: boolean) => Buffer) {
  return async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const translation = await translate({
      from,
      to,
      body: readJson(Buffer.from(typeof init?.body === "string" ? init.body : "")),
      model: "model-1",
      callerModel: "alias",
      newId: createIds(),
      nowS: 1_700_000_000,
    });
    const body = answer(translation.streaming);
    if (!translation.streaming) {
      return new Response(new Uint8Array(translation.answer(body)), {
        headers: { "content-type": "application/json" },
      });
    }
    const stream = translation.stream();
    const pieces = atRandomOffsets(body, 3).flatMap((piece) => stream.push(piece));
    const sent = Buffer.concat([...pieces, ...stream.end().pieces]);
    return new Response(new Uint8Array(sent), { headers: { "content-type": "text/event-stream" } });
  };
}

function answerOf(origin: ConversationFormat): ModelAnswer {
  return {
    id: "answer-1",
    model: "model-1",
    createdAtS: 1_700_000_000,
    blocks: [
      {
        kind: "reasoning",
        text: "They want the weather.",
        ...(origin !== "openai-chat" && origin !== "openai-responses" && { signature: "c2lnbmF0dXJl" }),
        origin,
      },
      { kind: "text", text: "Let me look – in two places." },
      { kind: "tool_call", id: "call_1", name: "weather", arguments: '{"city":"Zürich"}' },
      { kind: "tool_call", id: "call_2", name: "weather", arguments: '{"city":"Oslo"}' },
    ],
    usage: {
      inputTokens: 40,
      cacheReadTokens: 10,
      outputTokens: 30,
      reasoningTokens: 5,
      totalTokens: 70,
    },
    finish: { reason: "tool_calls" },
  };
}

const combinations = Object.entries(CLIENTS).flatMap(([name, client]) =>
  FORMAT_NAMES.filter((to) => to !== client.format).flatMap((to) =>
    [true, false].map((streaming) => ({
      name,
      client,
      to,
      streaming,
      how: streaming ? "a stream" : "whole",
    })),
  ),
);

test.each(combinations)("$name understands an answer of $to, $how", async ({ client, to, streaming }) => {
  const answer = answerOf(to);
  const fetch = gateway(client.format, to, (asStream) =>
    asStream ? answerStream(to, answer) : answerBody(to, answer),
  );
  const understood = await client.ask(fetch, streaming);
  const { reasoning, calls, ...rest } = understood;
  expect(rest).toEqual({
    text: "Let me look – in two places.",
    finish: client.finish,
    input: 40,
    output: 30,
  });
  expect(calls.map(([, name, input]) => [name, input])).toEqual([
    ["weather", { city: "Zürich" }],
    ["weather", { city: "Oslo" }],
  ]);
  expect(new Set(calls.map(([id]) => id)).size).toBe(2);
  expect(reasoning ?? "").toBe(client.reasoning ? "They want the weather." : "");
});

const failing = Object.entries(CLIENTS).flatMap(([name, client]) =>
  FORMAT_NAMES.filter((to) => to !== client.format).map((to) => ({ name, client, to })),
);

describe("an error in the middle of a stream is an error to the client", () => {
  test.each(failing)("$name, from $to", async ({ client, to }) => {
    const fetch = gateway(client.format, to, () =>
      streamOf(to, [
        { kind: "start", answer: { id: "answer-1", model: "model-1" } },
        { kind: "block_start", block: { kind: "text", text: "" } },
        { kind: "delta", delta: { kind: "text", text: "Let me" } },
        { kind: "error", error: { message: "The model is overloaded.", status: 529 } },
      ]),
    );
    await expect(client.ask(fetch, true)).rejects.toThrow(/overloaded/);
  });
});

const cases = corpusCases();
const recordings = Object.entries(CLIENTS).flatMap(([name, client]) =>
  FORMAT_NAMES.filter((to) => to !== client.format).flatMap((to) =>
    (cases ?? [])
      .filter(({ endpoint, file, status }) => {
        const streamed = file.endsWith(".sse") || file.endsWith(".eventstream");
        return streamed && status < 400 && FORMATS[to].endpoints.includes(endpoint);
      })
      .map((recorded) => ({ name, client, to, recorded, id: recorded.id })),
  ),
);

test.runIf(cases).each(recordings)(
  "$name understands the recorded stream $id",
  async ({ client, to, recorded }) => {
    const body = Buffer.from(corpusBody(recorded));
    const reading = FORMATS[to].assemble([body], recorded.status);
    if (!reading.ok) throw new Error(reading.reason);
    const { choices, error, truncated } = reading.value;
    const choice = choices.find(({ index }) => index === 0);
    const understood = await client
      .ask(
        gateway(client.format, to, () => body),
        true,
      )
      .then(
        ({ text, calls }) => ({ text, calls: calls.map(([, called]) => called) }),
        () => "failed",
      );
    const whole = {
      text: `${choice?.text ?? ""}${choice?.refusal ?? ""}`,
      calls: choice?.toolCalls.map(({ name }) => name),
    };
    expect(understood).toEqual(error || truncated !== undefined ? "failed" : whole);
  },
);
