/**
 * The demo model: an OpenAI-compatible server that answers when a provider has neither a key nor a base URL,
 * so that a first call works without an account anywhere.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { closeNow, listenOnLoopback } from "../loopback.ts";
import { readBody } from "../request-body.ts";
import { ApiError, apiError, errorBody, errorHeaders, errorOnRequest } from "./api-error.ts";
import { chatCompletion, chatCompletionChunks } from "./chat.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";
import { embeddings } from "./embeddings.ts";

/** Where and how it runs. */
export interface DemoModelOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** Pause between the chunks of a stream, ms. Default 10. */
  readonly chunkIntervalMs?: number;
}

/** A demo model that listens. */
export interface DemoModel {
  /** The base URL of a provider, up to and with `/v1`. */
  readonly url: string;
  close(): Promise<void>;
}

const MODELS = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-large", "text-embedding-3-small"];

/** Starts it on a loopback port. */
export async function startDemoModel({
  port = 0,
  chunkIntervalMs = 10,
}: DemoModelOptions): Promise<DemoModel> {
  const server = createServer((request, response) => {
    response.setHeader("x-request-id", `req_${randomUUID().replaceAll("-", "")}`);
    answer(request, response, chunkIntervalMs).catch((error: unknown) => {
      if (error instanceof ApiError) sendJson(response, error.status, errorBody(error), errorHeaders(error));
      else response.destroy();
    });
  });
  const url = await listenOnLoopback(server, port);
  return { url: `${url}/v1`, close: () => closeNow(server) };
}

async function answer(request: IncomingMessage, response: ServerResponse, chunkIntervalMs: number) {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  switch (`${request.method} ${pathname}`) {
    case "GET /v1/models":
      sendJson(response, 200, {
        object: "list",
        data: MODELS.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: "sluice-demo" })),
      });
      return;
    case "POST /v1/embeddings":
      sendJson(response, 200, embeddings(await readJson(request)));
      return;
    case "POST /v1/chat/completions": {
      const chat = readChatRequest(await readJson(request));
      const asked = errorOnRequest(chat.model, chat.lastRole === "user" ? chat.lastText : "");
      if (asked) throw asked;
      if (chat.stream) await sendStream(response, chat, chunkIntervalMs);
      else sendJson(response, 200, chatCompletion(chat, Date.now()));
      return;
    }
    default:
      request.resume();
      throw apiError(404, `Invalid URL (${request.method} ${pathname})`);
  }
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

/** Server-sent events, until the client has left. */
async function sendStream(
  response: ServerResponse,
  chat: ChatRequest,
  chunkIntervalMs: number,
): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  try {
    for (const chunk of chatCompletionChunks(chat, Date.now())) {
      if (!response.write(`data: ${JSON.stringify(chunk)}\n\n`)) {
        await once(response, "drain", { signal: left.signal });
      }
      await sleep(chunkIntervalMs, undefined, { signal: left.signal });
    }
    response.end("data: [DONE]\n\n");
  } catch (error) {
    if (!left.signal.aborted) throw error;
  }
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
