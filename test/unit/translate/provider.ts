/** A provider of each format, which answers what a test wants it to. */
import {
  type AnswerContext,
  type AnswerEvent,
  answerEvents,
  type Conversation,
  type ConversationFormat,
  type FormatTranslator,
  type ModelAnswer,
} from "@sluice/translate";
import { asObject, createSseReader, type JsonObject, parseJson } from "@sluice/wire";
import { anthropicMessages } from "../../../packages/translate/src/anthropic/index.ts";
import { bedrockConverse } from "../../../packages/translate/src/bedrock-converse/index.ts";
import { geminiGenerateContent } from "../../../packages/translate/src/gemini/index.ts";
import { openAiChat } from "../../../packages/translate/src/openai-chat/index.ts";
import { openAiResponses } from "../../../packages/translate/src/openai-responses/index.ts";
import { awsMessage } from "../../support/aws-event-stream.ts";

/** Every translator. */
export const TRANSLATORS: Readonly<Record<ConversationFormat, FormatTranslator>> = {
  "openai-chat": openAiChat,
  "openai-responses": openAiResponses,
  "anthropic-messages": anthropicMessages,
  "bedrock-converse": bedrockConverse,
  "gemini-generate-content": geminiGenerateContent,
};

/** Every format. */
export const FORMAT_NAMES = Object.keys(TRANSLATORS).filter(
  (name): name is ConversationFormat => name in TRANSLATORS,
);

/** Ordered pairs of two formats. */
export const PAIRS = FORMAT_NAMES.flatMap((from) =>
  FORMAT_NAMES.filter((to) => to !== from).map((to) => ({ from, to })),
);

/** A model that each format's provider has, and that can do everything the format can. */
export const MODELS: Readonly<Record<ConversationFormat, string>> = {
  "openai-chat": "gpt-5.4",
  "openai-responses": "gpt-5.4",
  "anthropic-messages": "claude-opus-4-5",
  "bedrock-converse": "anthropic.claude-opus-4-5-20251101-v1:0",
  "gemini-generate-content": "gemini-2.5-pro",
};

/** The request as a caller of the format would have written it. */
export function requestOf(format: ConversationFormat, conversation: Conversation): JsonObject {
  const body = TRANSLATORS[format].writeRequest({ ...conversation, model: MODELS[format] }, () => {});
  return readJson(Buffer.from(JSON.stringify(body)));
}

/** Counts up. */
export function createIds(): (prefix: string) => string {
  let made = 0;
  return (prefix) => {
    made += 1;
    return `${prefix}${made}`;
  };
}

/** The answer as a provider of the format sends it, whole. */
export function answerBody(format: ConversationFormat, answer: ModelAnswer): Buffer {
  return Buffer.from(JSON.stringify(TRANSLATORS[format].writeAnswer(answer, context())));
}

/** The answer as a provider of the format streams it. */
export function answerStream(format: ConversationFormat, answer: ModelAnswer): Buffer {
  return streamOf(format, answerEvents(answer));
}

/** Any events as a provider of the format streams them. */
export function streamOf(format: ConversationFormat, events: readonly AnswerEvent[]): Buffer {
  const writer = TRANSLATORS[format].createStreamWriter(context());
  const text = events.map((event) => writer.write(event)).join("");
  return format === "bedrock-converse" ? asBinaryEvents(text) : Buffer.from(text);
}

/** Converse's events, told over SSE, in Bedrock's own framing. */
export function asBinaryEvents(sse: string): Buffer {
  const messages = createSseReader()
    .feed(Buffer.from(sse))
    .map(({ type, data }) =>
      type.endsWith("Exception")
        ? awsMessage({ ":message-type": "exception", ":exception-type": type }, data)
        : awsMessage({ ":message-type": "event", ":event-type": type }, data),
    );
  return Buffer.concat(messages);
}

/** The body as an object. */
export function readJson(body: Uint8Array): JsonObject {
  return asObject(parseJson(Buffer.from(body).toString("utf8"))) ?? {};
}

/** What a writer of answers must know. */
export function context(): AnswerContext {
  return {
    model: "model-1",
    newId: createIds(),
    nowS: 1_700_000_000,
    request: {},
    conversation: {
      model: "model-1",
      turns: [],
      tools: [],
      stop: [],
      sampling: {},
      stream: true,
      streamUsage: true,
    },
  };
}
