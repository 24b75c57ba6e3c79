/** The official clients, each asking for what a recording answers. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { type CorpusCase, corpusRequest } from "../../support/corpus.ts";
import { type Observed, observe, type Target } from "./observed.ts";

type Ask = (fetch: typeof globalThis.fetch, onEvent: (event: unknown) => void) => Promise<unknown>;

/** What the asking client wants beside the answer. */
interface AskOptions {
  /** The usage of a stream of OpenAI's. Default: yes. */
  readonly usage?: boolean;
}

/** The endpoints of the corpus that are passed on as they are, and how their official client asks. */
const OFFICIAL: Readonly<
  Record<string, (target: Target, recording: CorpusCase, options: AskOptions) => Ask>
> = {
  chat:
    (target, recording, { usage = true }) =>
    async (fetch, onEvent) => {
      const { completions } = openai(target, fetch).chat;
      const request = requestOf<OpenAI.ChatCompletionCreateParams>(recording, {
        messages: [{ role: "user", content: "Hello?" }],
      });
      if (!recording.streaming) return await completions.create({ ...request, stream: false });
      const stream = completions.stream({
        ...request,
        stream: true,
        stream_options: usage ? { include_usage: true } : null,
      });
      stream.on("chunk", onEvent);
      return await stream.finalChatCompletion();
    },
  completions:
    (target, recording, { usage = true }) =>
    async (fetch, onEvent) => {
      const { completions } = openai(target, fetch);
      const request = requestOf<OpenAI.CompletionCreateParams>(recording, { prompt: "Hello?" });
      if (!recording.streaming) return await completions.create({ ...request, stream: false });
      const stream = await completions.create({
        ...request,
        stream: true,
        stream_options: usage ? { include_usage: true } : null,
      });
      for await (const chunk of stream) onEvent(chunk);
      return undefined;
    },
  responses: (target, recording) => async (fetch, onEvent) => {
    const { responses } = openai(target, fetch);
    const request = requestOf<OpenAI.Responses.ResponseCreateParams>(recording, { input: "Hello?" });
    if (!recording.streaming) return await responses.create({ ...request, stream: false });
    const { background: _, ...streamed } = request;
    const stream = responses.stream({ ...streamed, stream: true });
    stream.on("event", onEvent);
    return await stream.finalResponse();
  },
  messages: (target, recording) => async (fetch, onEvent) => {
    const { messages } = anthropic(target, fetch);
    const request = requestOf<Anthropic.MessageCreateParams>(recording, {
      max_tokens: 100,
      messages: [{ role: "user", content: "Hello?" }],
    });
    if (!recording.streaming) return await messages.create({ ...request, stream: false });
    const stream = messages.stream({ ...request, stream: true });
    stream.on("streamEvent", onEvent);
    return await stream.finalMessage();
  },
  count_tokens: (target, recording) => async (fetch) =>
    await anthropic(target, fetch).messages.countTokens(
      requestOf<Anthropic.MessageCountTokensParams>(recording, {
        messages: [{ role: "user", content: "Hello?" }],
      }),
    ),
  embeddings: (target, recording) => async (fetch) =>
    await openai(target, fetch).embeddings.create(
      requestOf<OpenAI.EmbeddingCreateParams>(recording, { input: "Hello?" }),
    ),
};

/** The recordings that an official client can ask for. */
export function officialCases(cases: readonly CorpusCase[]): readonly CorpusCase[] {
  return cases.filter(({ endpoint }) => Object.hasOwn(OFFICIAL, endpoint));
}

/** What the official client shows of a recording. */
export async function askOfficial(
  target: Target,
  recording: CorpusCase,
  options: AskOptions = {},
): Promise<Observed> {
  const ask = OFFICIAL[recording.endpoint];
  if (!ask) throw new Error(`No official client asks for ${recording.endpoint}.`);
  return await observe(ask(target, recording, options));
}

function openai({ url, apiKey, headers }: Target, fetch: typeof globalThis.fetch): OpenAI {
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey,
    maxRetries: 0,
    logLevel: "off",
    defaultHeaders: headers,
    fetch,
  });
}

function anthropic({ url, apiKey, headers }: Target, fetch: typeof globalThis.fetch): Anthropic {
  return new Anthropic({
    baseURL: url,
    apiKey,
    maxRetries: 0,
    logLevel: "off",
    defaultHeaders: headers,
    fetch,
  });
}

/** The recorded request, or the least that the client takes. The model's name is one that nobody claims. */
function requestOf<T extends object>(recording: CorpusCase, otherwise: Partial<T>): T {
  const recorded = corpusRequest(recording);
  const { stream: _, ...request } = (
    recorded ? JSON.parse(Buffer.from(recorded).toString("utf8")) : otherwise
  ) as T & {
    stream?: unknown;
  };
  return { ...request, model: "recorded" } as unknown as T;
}
