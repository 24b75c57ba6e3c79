/** Recorded answers as the records of calls that a gateway would have written. */
import type { AnswerFormat, Endpoint, ExchangeRecord } from "@sluice/trace";
import { type CorpusCase, corpusBody, corpusRequest } from "./corpus.ts";
import { answer, numberedRecord } from "./records.ts";

/** How the caller asked, and in which format the provider answered where it is another one. */
const CALLS: Readonly<Record<string, readonly [Endpoint, AnswerFormat?]>> = {
  chat: ["chat.completions"],
  completions: ["completions"],
  embeddings: ["embeddings"],
  responses: ["responses"],
  messages: ["messages"],
  count_tokens: ["messages.count_tokens"],
  converse: ["chat.completions", "bedrock-converse"],
  "converse-stream": ["chat.completions", "bedrock-converse"],
  invoke: ["messages", "bedrock-invoke"],
  "invoke-with-response-stream": ["messages", "bedrock-invoke"],
  generateContent: ["chat.completions", "gemini-generate-content"],
  streamGenerateContent: ["chat.completions", "gemini-generate-content"],
  // Gemini's embeddings are spoken by nobody but itself: they pass as they are.
  embedContent: ["proxy"],
  batchEmbedContents: ["proxy"],
};

const RECORDED_HEADERS = /^(content-type|retry-after|(x-|anthropic-)?request-id|openai-.+|.*ratelimit-.+)$/;

/** The record of a call that was answered as recorded. `number` says which of many it is. */
export function corpusRecord(recorded: CorpusCase, number: number): ExchangeRecord {
  const [endpoint, format] = CALLS[recorded.endpoint] ?? ["proxy"];
  const headers = Object.entries(recorded.responseHeaders)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => RECORDED_HEADERS.test(name));
  const request = corpusRequest(recorded);
  const { attempts } = numberedRecord(number);
  return numberedRecord(number, {
    endpoint,
    streaming: recorded.streaming,
    ...(endpoint === "proxy" && { passage: { method: "POST", path: `/${recorded.endpoint}` } }),
    ...(request && { request: { contentType: "application/json", body: request } }),
    attempts: attempts.map((attempt) => ({
      ...attempt,
      provider: recorded.provider,
      status: recorded.status,
    })),
    answer: answer(corpusBody(recorded), {
      status: recorded.status,
      ...(format && { format }),
      headers: Object.fromEntries(headers),
    }),
  });
}
