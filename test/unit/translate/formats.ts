import type { ConversationFormat } from "@sluice/translate";
import {
  type AssembledAnswer,
  assembleChatAnswer,
  assembleConverseAnswer,
  assembleGeminiAnswer,
  assembleMessagesAnswer,
  assembleResponsesAnswer,
  type JsonObject,
  type Reading,
} from "@sluice/wire";
import { asBinaryEvents } from "./provider.ts";

/** A conversation format as the tests of pairs need it. */
export interface TestedFormat {
  /** Puts an answer together, independently of the translators. */
  readonly assemble: (pieces: readonly Uint8Array[], status: number) => Reading<AssembledAnswer>;
  /** A caller's smallest request. */
  readonly request: JsonObject;
  /** The endpoints of the corpus whose answers have this format. */
  readonly endpoints: readonly string[];
}

/** Every format. */
export const FORMATS: Readonly<Record<ConversationFormat, TestedFormat>> = {
  "openai-chat": {
    assemble: assembleChatAnswer,
    request: {
      model: "m",
      messages: [{ role: "user", content: "Hello" }],
      stream: true,
      stream_options: { include_usage: true },
    },
    endpoints: ["chat"],
  },
  "openai-responses": {
    assemble: assembleResponsesAnswer,
    request: { model: "m", input: "Hello", stream: true },
    endpoints: ["responses"],
  },
  "anthropic-messages": {
    assemble: assembleMessagesAnswer,
    request: { model: "m", max_tokens: 100, messages: [{ role: "user", content: "Hello" }], stream: true },
    endpoints: ["messages"],
  },
  "bedrock-converse": {
    assemble: (pieces, status) => assembleConverseAnswer(inBedrocksFraming(pieces), status),
    request: { messages: [{ role: "user", content: [{ text: "Hello" }] }] },
    endpoints: ["converse", "converse-stream"],
  },
  "gemini-generate-content": {
    assemble: assembleGeminiAnswer,
    request: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] },
    endpoints: ["generateContent", "streamGenerateContent"],
  },
};

/** Callers get Converse's events over SSE, which its assembler does not know: Bedrock frames them as binary messages. */
function inBedrocksFraming(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const body = Buffer.concat(pieces);
  return body.toString("latin1", 0, 6) === "event:" ? [asBinaryEvents(body.toString("utf8"))] : pieces;
}
