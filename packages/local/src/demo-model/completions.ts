/** Legacy completions in OpenAI's form: the chat's answers to one message of the user, with their text alone. */
import { apiError } from "./api-error.ts";
import { chatCompletion, chatCompletionChunks } from "./chat.ts";
import { type ChatRequest, readChatRequest } from "./chat-request.ts";

interface RawRequest {
  readonly prompt?: unknown;
  readonly [field: string]: unknown;
}

interface Choice {
  readonly index: number;
  readonly message?: { readonly content: string | null };
  readonly delta?: { readonly content?: string | null };
  readonly finish_reason: string | null;
}

interface ChatAnswer {
  readonly id: string;
  readonly choices: readonly Choice[];
}

/** Reads the body of a request. Throws `ApiError` where OpenAI refuses it. */
export function readCompletionsRequest(body: unknown): ChatRequest {
  const { prompt, ...rest } = body as RawRequest;
  if (typeof prompt !== "string" && !Array.isArray(prompt)) {
    throw apiError(400, "Missing required parameter: 'prompt'.", {
      code: "missing_required_parameter",
      param: "prompt",
    });
  }
  // A list holds several prompts, or the tokens of one.
  const content = Array.isArray(prompt) ? prompt.join("\n") : prompt;
  return readChatRequest({ ...rest, messages: [{ role: "user", content }] });
}

/** The whole answer. */
export function completion(request: ChatRequest, nowMs: number): object {
  return asCompletion(chatCompletion(request, nowMs));
}

/** The chunks of a stream, without the `[DONE]` behind them. */
export function* completionChunks(request: ChatRequest, nowMs: number): Generator<object> {
  for (const chunk of chatCompletionChunks(request, nowMs)) yield asCompletion(chunk);
}

function asCompletion(answer: object): object {
  const { id, choices, ...rest } = answer as ChatAnswer;
  return {
    ...rest,
    id: id.replace(/^chatcmpl-/, "cmpl-"),
    object: "text_completion",
    choices: choices.map(({ index, message, delta, finish_reason }) => ({
      index,
      text: message?.content ?? delta?.content ?? "",
      logprobs: null,
      finish_reason,
    })),
  };
}
