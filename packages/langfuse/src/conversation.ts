/** Input and output of a call in the form that Langfuse shows as a conversation: OpenAI's messages. */
import { type AssembledAnswer, asObject, type Choice, type JsonObject } from "@sluice/wire";
import type { Conversation } from "./input-conversation.ts";
import type { BodyView, ObservedCall } from "./observed-call.ts";

/** What the model was given, as `conversation` where it is one. Undefined when there is nothing to show. */
export function conversationInput(
  { request }: ObservedCall,
  conversation: Conversation | undefined,
): unknown {
  if (request.kind === "unread") return rawText(request);
  if (!conversation) return request.value.input;
  const { system, messages, tools, rest } = conversation;
  return {
    messages: system === undefined ? messages : [{ role: "system", content: system }, ...messages],
    ...(tools.length > 0 && { tools }),
    ...rest,
  };
}

/** What came back: one message, a list of choices when there are several, or what an error left. */
export function conversationOutput({ answer }: ObservedCall): unknown {
  if (!answer) return undefined;
  return answer.kind === "read" ? answerOutput(answer.value) : rawText(answer);
}

function answerOutput(answer: AssembledAnswer): unknown {
  const { choices, embeddings, output, error, promptFeedback, countedInputTokens } = answer;
  const [first, ...others] = choices;
  if (embeddings) {
    const [length] = embeddings.dimensions;
    const alike = embeddings.dimensions.every((dimensions) => dimensions === length);
    return { embeddings: embeddings.count, dimensions: alike ? (length ?? 0) : embeddings.dimensions };
  }
  if (!first && error) return { error: error.raw, ...(output !== undefined && { output }) };
  if (!first && output !== undefined) return output;
  if (!first && countedInputTokens !== undefined) return { input_tokens: countedInputTokens };
  if (!first) return promptFeedback && { promptFeedback };
  if (others.length === 0) return message(first);
  return choices.map((choice) => ({
    index: choice.index,
    message: message(choice),
    finish_reason: choice.finishReason ?? null,
  }));
}

/** A choice as the message that OpenAI's format would give in a JSON body, and no field without content. */
function message(choice: Choice): object {
  const content = contentOf(choice);
  return {
    role: choice.role,
    content: content === "" && (choice.toolCalls.length > 0 || choice.refusal !== undefined) ? null : content,
    ...(choice.refusal !== undefined && { refusal: choice.refusal }),
    ...(choice.reasoning !== "" && { reasoning_content: choice.reasoning }),
    ...(choice.reasoningDetails.length > 0 && { reasoning_details: choice.reasoningDetails }),
    ...(choice.toolCalls.length > 0 && {
      tool_calls: choice.toolCalls.map(({ id, type, name, arguments: args }) => ({
        ...(id !== undefined && { id }),
        type,
        function: { name, arguments: args },
      })),
    }),
    ...choice.other,
  };
}

/**
 * The text; or, where the answer is more than text, its parts in their order. Thinking and calls of the caller's tools are not
 * among them: they have fields of their own, and a call told twice would be counted twice.
 */
function contentOf({ text, parts, blocks }: Choice): unknown {
  const shown = blocks?.filter((block) => !hasFieldOfItsOwn(block)).map(asTextPart);
  if (shown?.some(isMoreThanText)) return shown;
  if (parts.length === 0) return text;
  return text === "" ? parts : [{ type: "text", text }, ...parts];
}

/** Thinking and tool calls, by the names of Anthropic, Converse and Gemini. */
function hasFieldOfItsOwn(block: JsonObject): boolean {
  const { type } = block;
  if (type === "thinking" || type === "redacted_thinking" || type === "tool_use") return true;
  if (block["thought"] === true) return true;
  return (
    "toolUse" in block || "reasoningContent" in block || "functionCall" in block || "function_call" in block
  );
}

/** Gemini and Converse write a text without its type. Gemini's signature of it is among the `reasoning_details`. */
function asTextPart(block: JsonObject): JsonObject {
  if (block["type"] !== undefined || typeof block["text"] !== "string") return block;
  const { thoughtSignature: _, thought_signature: __, ...text } = block;
  return { type: "text", ...text };
}

/** Whether a block says what the joined text cannot: what it cites, or that it is no text at all. */
function isMoreThanText(block: JsonObject): boolean {
  if (block["type"] !== "text") return true;
  const { citations } = block;
  if (Array.isArray(citations) ? citations.length > 0 : asObject(citations) !== undefined) return true;
  return Object.keys(block).some((name) => name !== "type" && name !== "text" && name !== "citations");
}

function rawText(view: BodyView<unknown> & { kind: "unread" }): unknown {
  return view.raw?.encoding === "base64" ? { encoding: "base64", data: view.raw.text } : view.raw?.text;
}
