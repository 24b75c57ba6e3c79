/** A call whose provider speaks another format than its caller. Loaded only for such calls. */
import type { ResolvedProvider } from "@sluice/config";
import { CALLER_FORMATS } from "@sluice/providers";
import type { AnswerFormat, Endpoint } from "@sluice/trace";
import { MalformedRequestError, translate, type Unsupported } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";
import { badRequest } from "./errors.ts";
import { parseJson } from "./inference-request.ts";

/** How an answer is put into the caller's format. */
export interface AnswerTranslation {
  /** A whole answer, status below 400. Throws when it is none of the provider's format. */
  answer(body: Buffer): Buffer;
  /** An error's body. `headers`: the provider's, names in lower case. */
  error(body: Buffer, status: number, headers: Readonly<Record<string, string>>): Buffer;
  /** A streamed answer: whole events of the caller's format. `broken`: it ended without its end mark. */
  stream(): {
    push(chunk: Uint8Array): readonly Buffer[];
    end(): { readonly pieces: readonly Buffer[]; readonly broken: boolean };
  };
}

/** A call that is to be translated. */
export interface TranslatableCall {
  readonly endpoint: Endpoint;
  readonly provider: Pick<ResolvedProvider, "auth">;
  /** What the provider speaks. */
  readonly format: AnswerFormat;
  readonly json: JsonObject;
  /** What the caller sent, byte for byte. */
  readonly body: Buffer;
  /** Names in lower case. */
  readonly callerHeaders: Readonly<Record<string, string | undefined>>;
  /** The model's name at the provider. */
  readonly model: string;
  /** The model's name as the caller wrote it. */
  readonly callerModel: string;
  readonly streaming: boolean;
  readonly newId: (prefix: string) => string;
  /** Unix time, seconds. */
  readonly nowS: number;
}

/** A translated call. */
export interface TranslatedCall {
  /** The provider's operation, where only the translation can tell it: it follows the path after a colon. */
  readonly operation?: string;
  readonly body: Buffer;
  /** What the provider's format has no word for. */
  readonly unsupported: readonly Unsupported[];
  readonly translation: AnswerTranslation;
}

/** Translates a call. Throws a `GatewayError` when its body is no request of the caller's format. */
export async function translateCall(call: TranslatableCall): Promise<TranslatedCall> {
  try {
    return await translationOf(call);
  } catch (error) {
    if (error instanceof MalformedRequestError)
      throw badRequest("invalid_request", error.message, error.field);
    throw error;
  }
}

async function translationOf(call: TranslatableCall): Promise<TranslatedCall> {
  const { endpoint, format, model, callerModel, streaming, newId, nowS } = call;
  // The trace object is for Sluice and for no provider.
  const { trace: _, ...body } = call.json;
  if (endpoint === "embeddings") return await embeddingsOf(call, body);
  if (endpoint !== "chat.completions" && endpoint !== "responses" && endpoint !== "messages") {
    throw new Error(`Nothing translates ${endpoint} into ${format}.`);
  }
  if (format === "bedrock-invoke") return await invocationOf(call);
  const from = CALLER_FORMATS[endpoint];
  const translation = await translate({ from, to: format, body, model, callerModel, streaming, newId, nowS });
  return { body: translation.body, unsupported: translation.unsupported, translation };
}

/** Anthropic's own bodies in Bedrock's wrapping: a few members change, and a stream is framed anew. */
async function invocationOf({ body, json, callerHeaders }: TranslatableCall): Promise<TranslatedCall> {
  const { createInvokeStream, invokeBody, invokeError } = await import("@sluice/translate/bedrock-invoke");
  return {
    body: invokeBody(body, json, callerHeaders),
    unsupported: [],
    translation: { answer: (bytes) => bytes, error: invokeError, stream: createInvokeStream },
  };
}

/** Embeddings of Google's for a caller of OpenAI's. */
async function embeddingsOf(call: TranslatableCall, request: JsonObject): Promise<TranslatedCall> {
  const { writeEmbeddingsAnswer, writeEmbeddingsRequest } = await import(
    "@sluice/translate/gemini-embeddings"
  );
  const { geminiGenerateContent } = await import("@sluice/translate/gemini");
  const { openAiChat } = await import("@sluice/translate/openai-chat");
  const unsupported: Unsupported[] = [];
  const target = {
    api: call.provider.auth === "google-oauth" ? "vertex" : "gemini",
    model: call.model,
  } as const;
  const { operation, body } = writeEmbeddingsRequest(request, target, (note) => unsupported.push(note));
  return {
    operation,
    body: toBuffer(body),
    unsupported,
    translation: {
      answer(bytes) {
        const answer = writeEmbeddingsAnswer(parseJson(bytes), { model: call.callerModel, request });
        if (!answer) throw new Error("it holds no embeddings.");
        return toBuffer(answer);
      },
      error: (bytes, status, headers) =>
        toBuffer(
          openAiChat.writeError(geminiGenerateContent.readError(bytes.toString("utf8"), status, headers)),
        ),
      stream: () => {
        throw new Error("embeddings are not streamed.");
      },
    },
  };
}

function toBuffer(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value));
}
