/** Assembles a call: reads both bodies of its record with the reader of its endpoint. */
import type { BodyView, ObservedCall, RawBody } from "@sluice/langfuse";
import type { Answer, AnswerFormat, Endpoint, ExchangeRecord } from "@sluice/trace";
import {
  type AssembledAnswer,
  type AssembledRequest,
  assembleChatAnswer,
  assembleCompletionsAnswer,
  assembleConverseAnswer,
  assembleCountTokensAnswer,
  assembleEmbeddingsAnswer,
  assembleGeminiAnswer,
  assembleImagesAnswer,
  assembleInvokeAnswer,
  assembleMessagesAnswer,
  assembleModerationsAnswer,
  assembleRerankAnswer,
  assembleResponsesAnswer,
  assembleSpeechAnswer,
  assembleTranscriptionsAnswer,
  type Reading,
  readChatRequest,
  readCompletionsRequest,
  readEmbeddingsRequest,
  readImagesRequest,
  readMessagesRequest,
  readModerationsRequest,
  readPlainAnswer,
  readPlainRequest,
  readRerankRequest,
  readResponsesRequest,
  readSpeechRequest,
  readTranscriptionsRequest,
} from "@sluice/wire";
import { decodeContent } from "./content-encoding.ts";

/** Reads both bodies of an operation. `contentType`: the body's, as its header has it. */
interface BodyReader {
  readonly request: (body: Uint8Array, contentType?: string) => Reading<AssembledRequest>;
  readonly answer: (
    pieces: readonly Uint8Array[],
    status: number,
    contentType?: string,
  ) => Reading<AssembledAnswer>;
}

const plain: BodyReader = { request: readPlainRequest, answer: readPlainAnswer };

/** The reader of each endpoint's bodies; a new endpoint adds its line. */
const READERS: Readonly<Record<Endpoint, BodyReader>> = {
  "chat.completions": { request: readChatRequest, answer: assembleChatAnswer },
  completions: { request: readCompletionsRequest, answer: assembleCompletionsAnswer },
  embeddings: { request: readEmbeddingsRequest, answer: assembleEmbeddingsAnswer },
  responses: { request: readResponsesRequest, answer: assembleResponsesAnswer },
  messages: { request: readMessagesRequest, answer: assembleMessagesAnswer },
  "messages.count_tokens": { request: readMessagesRequest, answer: assembleCountTokensAnswer },
  "images.generations": { request: readImagesRequest, answer: assembleImagesAnswer },
  "audio.transcriptions": { request: readTranscriptionsRequest, answer: assembleTranscriptionsAnswer },
  "audio.speech": { request: readSpeechRequest, answer: assembleSpeechAnswer },
  moderations: { request: readModerationsRequest, answer: assembleModerationsAnswer },
  rerank: { request: readRerankRequest, answer: assembleRerankAnswer },
  proxy: plain,
};

/** The reader of an answer that came in another format than its endpoint's; a new format adds its line. */
const ANSWER_READERS: Readonly<Partial<Record<AnswerFormat, BodyReader["answer"]>>> = {
  "openai-chat": assembleChatAnswer,
  "bedrock-converse": assembleConverseAnswer,
  "bedrock-invoke": assembleInvokeAnswer,
  "openai-responses": assembleResponsesAnswer,
  "gemini-generate-content": assembleGeminiAnswer,
  "anthropic-messages": assembleMessagesAnswer,
};

/** Most bytes that the trace shows of a body that could not be read. */
export const MAX_RAW_BYTES = 256 * 1024;

/** What the call's bodies say. A body that no reader understands is shown as it is; never throws. */
export function observe(record: ExchangeRecord): ObservedCall {
  const reader = READERS[record.endpoint];
  const { body, contentType } = record.request;
  return {
    record,
    request: view(body, () => reader.request(body, contentType)),
    ...(record.answer && { answer: viewAnswer(record.answer, answerReader(record.answer, reader)) }),
  };
}

function answerReader({ format }: Answer, reader: BodyReader): BodyReader["answer"] {
  return (format && ANSWER_READERS[format]) ?? reader.answer;
}

/** The call with nothing of its bodies understood, for one that broke its reader or its drain. */
export function observeRaw(record: ExchangeRecord, reason: string): ObservedCall {
  const unread = () => ({ ok: false, reason }) as const;
  return {
    record,
    request: view(record.request.body, unread),
    ...(record.answer && { answer: view(record.answer.body, unread) }),
  };
}

function viewAnswer(answer: Answer, read: BodyReader["answer"]): BodyView<AssembledAnswer> {
  const decoded = decodeContent(answer.body, answer.headers["content-encoding"]);
  if (!decoded.ok) return view(answer.body, () => decoded);
  // Of a compressed body that broke off too early to give anything, its bytes are all there is to show.
  const shown = decoded.value.byteLength > 0 ? decoded.value : answer.body;
  return view(shown, () => read([decoded.value], answer.status, answer.headers["content-type"]));
}

function view<T>(body: Uint8Array, read: () => Reading<T>): BodyView<T> {
  const reading = attempt(read);
  if (reading.ok) return { kind: "read", value: reading.value };
  return {
    kind: "unread",
    reason: reading.reason,
    ...(body.byteLength > 0 && { raw: rawBody(body) }),
  };
}

function attempt<T>(read: () => Reading<T>): Reading<T> {
  try {
    return read();
  } catch (error) {
    // Readers do not throw; should one, its mistake costs this trace its structure, and nobody else anything.
    return { ok: false, reason: `Its reader failed: ${error instanceof Error ? error.message : "unknown"}.` };
  }
}

function rawBody(body: Uint8Array): RawBody {
  const start = body.subarray(0, MAX_RAW_BYTES);
  const omittedBytes = body.byteLength - start.byteLength;
  try {
    // A character that the cut splits is no fault of the body: `stream` leaves it out.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: omittedBytes > 0 });
    return { text, encoding: "utf-8", omittedBytes };
  } catch {
    return { text: Buffer.from(start).toString("base64"), encoding: "base64", omittedBytes };
  }
}
