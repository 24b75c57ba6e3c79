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
  /** Default: a name that nobody claims. */
  readonly model?: string;
}

/** The endpoints of the corpus that are passed on as they are, and how their official client asks. */
const OFFICIAL: Readonly<
  Record<string, (target: Target, recording: CorpusCase, options: AskOptions) => Ask>
> = {
  chat: (target, recording, options) => async (fetch, onEvent) => {
    const { completions } = openai(target, fetch).chat;
    const request = requestOf<OpenAI.ChatCompletionCreateParams>(recording, options, {
      messages: [{ role: "user", content: "Hello?" }],
    });
    if (!recording.streaming) return await completions.create({ ...request, stream: false });
    const stream = completions.stream({
      ...request,
      stream: true,
      stream_options: options.usage === false ? null : { include_usage: true },
    });
    stream.on("chunk", onEvent);
    return await stream.finalChatCompletion();
  },
  completions: (target, recording, options) => async (fetch, onEvent) => {
    const { completions } = openai(target, fetch);
    const request = requestOf<OpenAI.CompletionCreateParams>(recording, options, { prompt: "Hello?" });
    if (!recording.streaming) return await completions.create({ ...request, stream: false });
    const stream = await completions.create({
      ...request,
      stream: true,
      stream_options: options.usage === false ? null : { include_usage: true },
    });
    for await (const chunk of stream) onEvent(chunk);
    return undefined;
  },
  responses: (target, recording, options) => async (fetch, onEvent) => {
    const { responses } = openai(target, fetch);
    const request = requestOf<OpenAI.Responses.ResponseCreateParams>(recording, options, { input: "Hello?" });
    if (!recording.streaming) return await responses.create({ ...request, stream: false });
    const { background: _, ...streamed } = request;
    const stream = responses.stream({ ...streamed, stream: true });
    stream.on("event", onEvent);
    return await stream.finalResponse();
  },
  messages: (target, recording, options) => async (fetch, onEvent) => {
    const { messages } = anthropic(target, fetch);
    const request = requestOf<Anthropic.MessageCreateParams>(recording, options, {
      max_tokens: 100,
      messages: [{ role: "user", content: "Hello?" }],
    });
    if (!recording.streaming) return await messages.create({ ...request, stream: false });
    const stream = messages.stream({ ...request, stream: true });
    stream.on("streamEvent", onEvent);
    return await stream.finalMessage();
  },
  count_tokens: (target, recording, options) => async (fetch) =>
    await anthropic(target, fetch).messages.countTokens(
      requestOf<Anthropic.MessageCountTokensParams>(recording, options, {
        messages: [{ role: "user", content: "Hello?" }],
      }),
    ),
  embeddings: (target, recording, options) => async (fetch) =>
    await openai(target, fetch).embeddings.create(
      requestOf<OpenAI.EmbeddingCreateParams>(recording, options, { input: "Hello?" }),
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

/** The recorded request, or the least that the client takes: where nothing was recorded, or too much. */
function requestOf<T extends object>(
  recording: CorpusCase,
  { model = "recorded" }: AskOptions,
  least: Partial<T>,
): T {
  const recorded = corpusRequest(recording);
  const body = recorded && (JSON.parse(Buffer.from(recorded).toString("utf8")) as T & { stream?: unknown });
  const { stream: _, ...request }: Partial<T> & { stream?: unknown } =
    !body || "_omitted" in body ? least : body;
  return { ...request, model } as unknown as T;
}
