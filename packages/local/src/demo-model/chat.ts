/** Chat completions in OpenAI's form, whole and as a stream of chunks. */
import { randomBytes } from "node:crypto";
import type { ChatRequest } from "./chat-request.ts";
import { type Reply, replyTo, type ToolCall } from "./reply.ts";
import { countTokens } from "./tokens.ts";

/** The whole answer. */
export function chatCompletion(request: ChatRequest, nowMs: number): object {
  const replies = repliesTo(request);
  return {
    ...envelope(request, nowMs, "chat.completion"),
    choices: replies.map((reply, index) => ({
      index,
      message: {
        role: "assistant",
        content: reply.toolCalls.length > 0 ? null : reply.pieces.join(""),
        ...(reply.toolCalls.length > 0 && { tool_calls: reply.toolCalls.map(toolCallOf) }),
        refusal: null,
        annotations: [],
      },
      logprobs: null,
      finish_reason: reply.finishReason,
    })),
    usage: usageOf(request, replies),
    service_tier: "default",
  };
}

/** The chunks of a stream, all choices in turn, without the `[DONE]` behind them. */
export function* chatCompletionChunks(request: ChatRequest, nowMs: number): Generator<object> {
  const replies = repliesTo(request);
  const head = envelope(request, nowMs, "chat.completion.chunk");
  const chunk = (index: number, delta: object, finishReason: string | null = null) => ({
    ...head,
    choices: [{ index, delta, logprobs: null, finish_reason: finishReason }],
    // With the option every chunk has the field, and the one that carries it has no choices.
    ...(request.includeUsage && { usage: null }),
  });
  const deltas = replies.map(deltasOf);
  const longest = Math.max(...deltas.map(({ length }) => length));
  for (let step = 0; step < longest; step++) {
    for (const [index, list] of deltas.entries()) {
      const delta = list[step];
      if (delta) yield chunk(index, delta);
    }
  }
  for (const [index, { finishReason }] of replies.entries()) yield chunk(index, {}, finishReason);
  if (request.includeUsage) yield { ...head, choices: [], usage: usageOf(request, replies) };
}

function repliesTo(request: ChatRequest): Reply[] {
  return Array.from({ length: request.choices }, (_, index) => replyTo(request, index));
}

function envelope(request: ChatRequest, nowMs: number, object: string) {
  return {
    id: `chatcmpl-demo${randomBytes(12).toString("hex")}`,
    object,
    created: Math.floor(nowMs / 1000),
    model: request.model,
    system_fingerprint: "fp_demo",
  };
}

function deltasOf({ pieces, toolCalls }: Reply): object[] {
  const begin = { role: "assistant", content: toolCalls.length > 0 ? null : "", refusal: null };
  return [
    begin,
    ...pieces.map((content) => ({ content })),
    ...toolCalls.flatMap((call, index) => {
      const { id, type, function: called } = toolCallOf(call, index);
      const middle = Math.ceil(call.arguments.length / 2);
      const parts = [call.arguments.slice(0, middle), call.arguments.slice(middle)];
      return [
        { tool_calls: [{ index, id, type, function: { ...called, arguments: "" } }] },
        ...parts.map((part) => ({ tool_calls: [{ index, function: { arguments: part } }] })),
      ];
    }),
  ];
}

function toolCallOf(call: ToolCall, index: number) {
  return { id: `call_demo_${index}`, type: "function", function: call };
}

function usageOf({ promptText }: ChatRequest, replies: readonly Reply[]): object {
  const prompt = countTokens(promptText);
  const completion = replies
    .map(
      ({ pieces, toolCalls }) =>
        pieces.length + countTokens(toolCalls.map((call) => call.arguments).join(" ")),
    )
    .reduce((sum, count) => sum + count, 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
