/**
 * The demo model: a server that plays every provider that has neither a key nor a base URL, in the provider's own format, so
 * that a first call works without an account anywhere.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConversationFormat } from "@sluice/translate";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import type { DemoAnswer } from "./answer.ts";
import { ApiError, apiError, errorBody, errorHeaders, errorOnRequest } from "./api-error.ts";
import { chatCompletion, chatCompletionChunks } from "./chat.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";
import { completion, completionChunks, readCompletionsRequest } from "./completions.ts";
import { embeddings, googleEmbeddings } from "./embeddings.ts";
import { images } from "./images.ts";
import { modelList } from "./models.ts";
import { moderations } from "./moderations.ts";
import { type ConversationOperation, type Operation, operationAt } from "./operations.ts";
import { rerank } from "./rerank.ts";
import { speech } from "./speech.ts";
import { transcription } from "./transcriptions.ts";

/** Where and how it runs. */
export interface DemoModelOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Pause between the chunks of a stream, ms. Default 10. */
  readonly chunkIntervalMs?: number;
}

/** A demo model that listens. */
export interface DemoModel {
  /** Without a path. Below it each provider has a folder: `/openai/v1`, `/gemini/v1beta`, `/bedrock`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts it on a loopback port. */
export async function startDemoModel({
  port = 0,
  chunkIntervalMs = 10,
}: DemoModelOptions): Promise<DemoModel> {
  const server = createServer((request, response) => {
    response.setHeader("x-request-id", `req_${randomUUID().replaceAll("-", "")}`);
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const operation = operationAt(request.method ?? "", pathname);
    answer(operation, request, response, chunkIntervalMs).catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || response.headersSent) response.destroy();
      else await sendError(response, operation, error);
    });
  });
  const url = await listenOnLoopback(server, port);
  return { url, close: () => closeNow(server) };
}

async function answer(
  operation: Operation | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  chunkIntervalMs: number,
): Promise<void> {
  switch (operation?.kind) {
    case "models":
      sendJson(response, 200, modelList(operation.provider, operation.format));
      return;
    case "embeddings":
      sendJson(response, 200, embeddings(await readJson(request)));
      return;
    case "google-embeddings":
      sendJson(response, 200, googleEmbeddings(operation.model, await readJson(request)));
      return;
    case "images":
      await send(images(await readJson(request), Date.now()), response, chunkIntervalMs);
      return;
    case "speech":
      await send(speech(await readJson(request)), response, chunkIntervalMs);
      return;
    case "transcriptions":
      await send(transcription(await readForm(request)), response, chunkIntervalMs);
      return;
    case "moderations":
      sendJson(response, 200, moderations(await readJson(request)));
      return;
    case "rerank":
      sendJson(response, 200, rerank(await readJson(request)));
      return;
    case "completions": {
      const chat = refusing(readCompletionsRequest(await readJson(request)));
      if (!chat.stream) sendJson(response, 200, completion(chat, Date.now()));
      else await sendStream(response, sseOf(completionChunks(chat, Date.now())), chunkIntervalMs);
      return;
    }
    case "count-tokens": {
      const { readTranslated } = await import("./formats.ts");
      const { countTokens } = await import("./tokens.ts");
      const { chat } = await readTranslated({ format: "anthropic-messages" }, await readJson(request));
      sendJson(response, 200, { input_tokens: countTokens(chat.promptText) });
      return;
    }
    case "conversation":
      if (operation.format === "openai-chat") {
        const chat = refusing(readChatRequest(await readJson(request)));
        if (!chat.stream) sendJson(response, 200, chatCompletion(chat, Date.now()));
        else await sendStream(response, sseOf(chatCompletionChunks(chat, Date.now())), chunkIntervalMs);
      } else {
        await answerTranslated(operation, await readJson(request), response, chunkIntervalMs);
      }
      return;
    case undefined:
      request.resume();
      throw apiError(
        404,
        `The demo model has no ${request.method} ${request.url}. Set the provider's API key in the environment to reach the provider itself.`,
      );
  }
}

/** A conversation in another format than the chat's. */
async function answerTranslated(
  operation: ConversationOperation,
  body: unknown,
  response: ServerResponse,
  chunkIntervalMs: number,
): Promise<void> {
  const { readTranslated } = await import("./formats.ts");
  const { chat, translation } = await readTranslated(operation, body);
  refusing(chat);
  if (!chat.stream) {
    const whole = translation.answer(Buffer.from(JSON.stringify(unnamed(chatCompletion(chat, Date.now())))));
    response.writeHead(200, { "content-type": "application/json" }).end(whole);
    return;
  }
  const { createFrames } = await import("./bedrock-frames.ts");
  const frames = createFrames(operation.framing);
  const stream = translation.stream();
  const pieces = sseOf(chatCompletionChunks(chat, Date.now()).map(unnamed))
    .map((sse) => Buffer.concat(stream.push(Buffer.from(sse)).map((event) => frames.write(event))))
    .filter((piece) => piece.length > 0);
  await sendStream(response, pieces, chunkIntervalMs, frames.contentType);
}

/** Without a chat's id, so that the answer gets one of its own format. */
function unnamed(chat: object): object {
  return { ...chat, id: undefined };
}

/** Throws the error that a request asks for by its model's name or its last message. */
function refusing(chat: ChatRequest): ChatRequest {
  const asked = errorOnRequest(chat.model, chat.lastRole === "user" ? chat.lastText : "");
  if (asked) throw asked;
  return chat;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = String(await readBody(request));
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Answered below: what is not JSON and what is no object are refused alike.
  }
  throw apiError(400, "We could not parse the JSON body of your request.");
}

async function readForm(request: IncomingMessage): Promise<FormData> {
  const body = (await readBody(request)) ?? Buffer.alloc(0);
  const contentType = request.headers["content-type"] ?? "";
  try {
    return await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
  } catch {
    throw apiError(400, "We could not parse the form of your request: send multipart/form-data.");
  }
}

async function send(answer: DemoAnswer, response: ServerResponse, chunkIntervalMs: number): Promise<void> {
  if (answer.kind === "json") sendJson(response, 200, answer.body);
  else if (answer.kind === "bytes") {
    response.writeHead(200, { "content-type": answer.contentType }).end(answer.body);
  } else {
    const pieces = answer.events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
    await sendStream(response, pieces, chunkIntervalMs);
  }
}

/** OpenAI's events: the chunks and the end mark. */
function* sseOf(chunks: Iterable<object>): Generator<string, undefined> {
  for (const chunk of chunks) yield `data: ${JSON.stringify(chunk)}\n\n`;
  yield "data: [DONE]\n\n";
}

/** Sends a stream piece by piece, until the client has left. */
async function sendStream(
  response: ServerResponse,
  pieces: Iterable<string | Uint8Array>,
  chunkIntervalMs: number,
  contentType = "text/event-stream; charset=utf-8",
): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-cache" });
  try {
    for (const piece of pieces) {
      if (!response.write(piece)) await once(response, "drain", { signal: left.signal });
      await sleep(chunkIntervalMs, undefined, { signal: left.signal });
    }
    response.end();
  } catch (error) {
    if (!left.signal.aborted) throw error;
  }
}

async function sendError(
  response: ServerResponse,
  operation: Operation | undefined,
  error: ApiError,
): Promise<void> {
  const format = formatOf(operation);
  const body =
    format === "openai-chat" ? errorBody(error) : (await import("./formats.ts")).errorBodyIn(format, error);
  sendJson(response, error.status, body, errorHeaders(error));
}

/** Whose errors a client of the operation reads. */
function formatOf(operation: Operation | undefined): ConversationFormat {
  if (operation?.kind === "conversation") return operation.format;
  if (operation?.kind === "count-tokens") return "anthropic-messages";
  return operation?.kind === "google-embeddings" ? "gemini-generate-content" : "openai-chat";
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
