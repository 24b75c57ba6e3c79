/** The demo model in the formats of other providers: translated to a chat and back, by the gateway's own translators. */
import { randomBytes } from "node:crypto";
import {
  type ConversationFormat,
  type FormatTranslator,
  MalformedRequestError,
  type Translation,
  translate,
} from "@sluice/translate";
import { anthropicMessages } from "@sluice/translate/anthropic";
import { bedrockConverse } from "@sluice/translate/bedrock-converse";
import { geminiGenerateContent } from "@sluice/translate/gemini";
import { openAiChat } from "@sluice/translate/openai-chat";
import { openAiResponses } from "@sluice/translate/openai-responses";
import { asObject, asText } from "@sluice/wire";
import { type ApiError, apiError, errorBody } from "./api-error.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";
import type { ConversationOperation } from "./operations.ts";

const TRANSLATORS: Readonly<Record<ConversationFormat, FormatTranslator>> = {
  "openai-chat": openAiChat,
  "openai-responses": openAiResponses,
  "anthropic-messages": anthropicMessages,
  "bedrock-converse": bedrockConverse,
  "gemini-generate-content": geminiGenerateContent,
};

/** A request in another format. */
export interface TranslatedRequest {
  readonly chat: ChatRequest;
  /** Puts what the chat answers into the request's format. */
  readonly translation: Translation;
}

/** Reads a request of another format. Throws `ApiError`. */
export async function readTranslated(
  operation: Omit<ConversationOperation, "kind" | "framing">,
  body: unknown,
): Promise<TranslatedRequest> {
  const request = asObject(body) ?? {};
  const model = operation.model ?? asText(request["model"]) ?? "";
  try {
    const translation = await translate({
      from: operation.format,
      to: "openai-chat",
      body: { ...request, model },
      model,
      callerModel: model,
      ...(operation.streaming !== undefined && { streaming: operation.streaming }),
      newId: (prefix) => `${prefix}demo${randomBytes(12).toString("hex")}`,
      nowS: Math.floor(Date.now() / 1000),
    });
    const chat = readChatRequest(JSON.parse(translation.body.toString("utf8")));
    return { translation, chat: { ...chat, includeUsage: true } };
  } catch (error) {
    if (error instanceof MalformedRequestError) throw apiError(400, error.message, { param: error.field });
    throw error;
  }
}

/** An error's body, as a provider of the format has it. */
export function errorBodyIn(format: ConversationFormat, error: ApiError): object {
  const body = errorBody(error);
  if (format === "openai-chat" || format === "openai-responses") return body;
  return TRANSLATORS[format].writeError(openAiChat.readError(JSON.stringify(body), error.status, {}));
}
