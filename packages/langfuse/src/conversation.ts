/** Input and output of a call in the form that Langfuse shows as a conversation: OpenAI's messages. */
import type { AssembledAnswer, Choice } from "@sluice/wire";
import type { BodyView, ObservedCall } from "./observed-call.ts";

/** What the model was given. Undefined when there is nothing to show. */
export function conversationInput({ request }: ObservedCall): unknown {
  return request.kind === "read" ? request.value.input : rawText(request);
}

/** What came back: one message, a list of choices when there are several, or what an error left. */
export function conversationOutput({ answer }: ObservedCall): unknown {
  if (!answer) return undefined;
  return answer.kind === "read" ? answerOutput(answer.value) : rawText(answer);
}

function answerOutput({ choices, embeddings, output, error }: AssembledAnswer): unknown {
  const [first, ...others] = choices;
  if (embeddings) {
    const [length] = embeddings.dimensions;
    const alike = embeddings.dimensions.every((dimensions) => dimensions === length);
    return { embeddings: embeddings.count, dimensions: alike ? (length ?? 0) : embeddings.dimensions };
  }
  if (!first && output !== undefined && !error) return output;
  if (!first) return error && { error: error.raw, ...(output !== undefined && { output }) };
  if (others.length === 0) return message(first);
  return choices.map((choice) => ({
    index: choice.index,
    message: message(choice),
    finish_reason: choice.finishReason ?? null,
  }));
}

/** A choice as the message that OpenAI's format would give in a JSON body, and no field without content. */
function message(choice: Choice): object {
  const content = choice.parts.length > 0 ? [textPart(choice.text), ...choice.parts].flat() : choice.text;
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

function textPart(text: string): object[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function rawText(view: BodyView<unknown> & { kind: "unread" }): unknown {
  return view.raw?.encoding === "base64" ? { encoding: "base64", data: view.raw.text } : view.raw?.text;
}
