/** LangChain's client for OpenAI cannot tell Sluice from the provider. */
import type { AIMessageChunk } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CorpusCase, corpusCases } from "../../support/corpus.ts";
import { type Observed, observe, type Target } from "./observed.ts";
import { type ReplayedProvider, startReplayedProvider } from "./replayed-provider.ts";

const cases = (corpusCases() ?? []).filter(({ endpoint }) => endpoint === "chat" || endpoint === "responses");

let provider: ReplayedProvider;

beforeAll(async () => {
  provider = await startReplayedProvider(cases);
});

afterAll(async () => {
  await provider.stop();
});

it.runIf(cases.length === 0)("the corpus is absent, so LangChain has nothing to read", ({ skip }) => {
  expect(cases).toEqual([]);
  skip("there are no recordings");
});

describe.skipIf(cases.length === 0)("LangChain, through Sluice", () => {
  it.each(cases)("makes of $id what it makes of it without", async (recording) => {
    const { direct, sluice } = provider.ways(recording.id, "random offsets");
    const expected = await ask(direct, recording);
    expect(expected.status).toBe(recording.status);
    expect(await ask(sluice, recording)).toEqual(expected);
  });
});

async function ask({ url, apiKey, headers }: Target, { endpoint, streaming }: CorpusCase): Promise<Observed> {
  return await observe(async (fetch, onEvent) => {
    const model = new ChatOpenAI({
      model: "recorded",
      apiKey,
      maxRetries: 0,
      useResponsesApi: endpoint === "responses",
      configuration: { baseURL: `${url}/v1`, defaultHeaders: headers, fetch },
    });
    if (!streaming) return told(await model.invoke("Hello?"));
    let whole: AIMessageChunk | undefined;
    for await (const chunk of await model.stream("Hello?")) {
      onEvent(told(chunk));
      whole = whole ? whole.concat(chunk) : chunk;
    }
    return whole && told(whole);
  });
}

type Message = Pick<
  AIMessageChunk,
  | "content"
  | "tool_calls"
  | "invalid_tool_calls"
  | "usage_metadata"
  | "additional_kwargs"
  | "response_metadata"
>;

/** What a message says. Ids that LangChain makes itself are left out. */
function told(message: Message): object {
  const { content, tool_calls, invalid_tool_calls, usage_metadata, additional_kwargs, response_metadata } =
    message;
  const fields = {
    content,
    tool_calls,
    invalid_tool_calls,
    usage_metadata,
    additional_kwargs,
    response_metadata,
  };
  return JSON.parse(JSON.stringify(fields)) as object;
}
