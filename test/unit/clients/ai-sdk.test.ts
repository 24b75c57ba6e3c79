/** The Vercel AI SDK, with its providers for OpenAI and Anthropic, cannot tell Sluice from the provider. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, type LanguageModel, streamText } from "ai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CorpusCase, corpusCases } from "../../support/corpus.ts";
import { type Observed, observe, type Target } from "./observed.ts";
import { type ReplayedProvider, startReplayedProvider } from "./replayed-provider.ts";

const MODELS: Readonly<Record<string, (target: Target, fetch: typeof globalThis.fetch) => LanguageModel>> = {
  chat: (target, fetch) => createOpenAI(settings(target, fetch)).chat("recorded"),
  responses: (target, fetch) => createOpenAI(settings(target, fetch)).responses("recorded"),
  messages: (target, fetch) => createAnthropic(settings(target, fetch))("recorded"),
};

const cases = (corpusCases() ?? []).filter(({ endpoint }) => Object.hasOwn(MODELS, endpoint));

let provider: ReplayedProvider;

beforeAll(async () => {
  provider = await startReplayedProvider(cases);
});

afterAll(async () => {
  await provider.stop();
});

it.runIf(cases.length === 0)("the corpus is absent, so the AI SDK has nothing to read", ({ skip }) => {
  expect(cases).toEqual([]);
  skip("there are no recordings");
});

describe.skipIf(cases.length === 0)("the AI SDK, through Sluice", () => {
  it.each(cases)("makes of $id what it makes of it without", async (recording) => {
    const { direct, sluice } = provider.ways(recording.id, "random offsets");
    const expected = await ask(direct, recording);
    expect(expected.status).toBe(recording.status);
    expect(await ask(sluice, recording)).toEqual(expected);
  });
});

function settings({ url, apiKey, headers }: Target, fetch: typeof globalThis.fetch) {
  return { baseURL: `${url}/v1`, apiKey, headers: { ...headers }, fetch };
}

async function ask(target: Target, { endpoint, streaming }: CorpusCase): Promise<Observed> {
  return await observe(async (fetch, onEvent) => {
    const model = MODELS[endpoint]?.(target, fetch);
    if (!model) throw new Error(`The AI SDK has no model for ${endpoint}.`);
    const options = { model, prompt: "Hello?", maxRetries: 0 };
    if (!streaming) return await toldBy(await generateText(options));
    const errors: unknown[] = [];
    const answer = streamText({
      ...options,
      includeRawChunks: true,
      onChunk: ({ chunk }) => onEvent(chunk.type === "raw" ? chunk.rawValue : chunk.type),
      onError: ({ error }) => void errors.push(error),
    });
    const told = await toldBy(answer).catch((error: unknown) => {
      throw errors[0] ?? error;
    });
    return { ...told, errors: errors.map(String) };
  });
}

interface ToolCall {
  readonly toolCallId: string;
  readonly toolName: string;
}

type Told = Pick<
  Awaited<ReturnType<typeof generateText>>,
  "text" | "reasoningText" | "finishReason" | "rawFinishReason" | "usage" | "providerMetadata" | "warnings"
>;

/** What an answer says. Ids and times that the SDK makes itself are left out. */
async function toldBy(
  answer: {
    readonly [field in keyof Told]: Told[field] | PromiseLike<Told[field]>;
  } & {
    readonly toolCalls: PromiseLike<readonly ToolCall[]> | readonly ToolCall[];
  },
): Promise<object> {
  return {
    text: await answer.text,
    reasoning: await answer.reasoningText,
    toolCalls: (await answer.toolCalls).map(withoutMadeUpId),
    finish: [await answer.finishReason, await answer.rawFinishReason],
    usage: await answer.usage,
    metadata: await answer.providerMetadata,
    warnings: await answer.warnings,
  };
}

/** A call that the provider ran at an MCP server has no id of the provider's: the SDK draws one. */
function withoutMadeUpId(call: ToolCall): object {
  return call.toolName.startsWith("mcp.") ? { ...call, toolCallId: "" } : call;
}
