/** Writes a whole chat completion. */
import type { JsonObject } from "@sluice/wire";
import type { Block, ModelAnswer } from "../answer.ts";
import type { ToolCall } from "../conversation.ts";
import type { AnswerContext } from "../format.ts";
import { writeAnnotation } from "./citations.ts";
import { heldIn, writeFinish } from "./finish.ts";
import { needsDetails, writeDetails } from "./reasoning-details.ts";
import { writeUrl } from "./source.ts";
import { writeUsage } from "./usage.ts";

/** Writes the answer as the one choice of a completion. */
export function writeAnswer(answer: ModelAnswer, context: AnswerContext): JsonObject {
  return {
    id: answer.id ?? context.newId("chatcmpl-"),
    object: "chat.completion",
    created: answer.createdAtS ?? context.nowS,
    model: answer.model ?? context.model,
    choices: [
      {
        index: 0,
        message: writeMessage(answer.blocks),
        logprobs: null,
        finish_reason: writeFinish(answer.finish, heldIn(answer.blocks)),
      },
    ],
    ...(answer.usage && { usage: writeUsage(answer.usage) }),
    ...(answer.serviceTier !== undefined && { service_tier: answer.serviceTier }),
  };
}

function writeMessage(blocks: readonly Block[]): JsonObject {
  const texts = blocks.filter((block) => block.kind === "text");
  const refusal = blocks.flatMap((block) => (block.kind === "refusal" ? [block.text] : [])).join("");
  const reasoning = blocks.filter((block) => block.kind === "reasoning");
  const thought = reasoning.map(({ text }) => text).join("");
  const details = reasoning.some(needsDetails) ? reasoning.flatMap(writeDetails) : [];
  const images = blocks.flatMap((block) => (block.kind === "image" ? writeImage(block) : []));
  const calls = blocks.filter((block) => block.kind === "tool_call");
  return {
    role: "assistant",
    content: texts.length > 0 ? texts.map(({ text }) => text).join("") : null,
    refusal: refusal === "" ? null : refusal,
    ...(thought !== "" && { reasoning_content: thought }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(images.length > 0 && { images }),
    ...(calls.length > 0 && { tool_calls: calls.map(writeToolCall) }),
    annotations: writeAnnotations(texts),
  };
}

/** A citation's span counts from the start of its block; an annotation's from the start of the message. */
function writeAnnotations(texts: readonly (Block & { readonly kind: "text" })[]): readonly JsonObject[] {
  let from = 0;
  return texts.flatMap(({ text, citations = [] }) => {
    const written = citations.flatMap((citation) => writeAnnotation(citation, from, from + text.length));
    from += text.length;
    return written;
  });
}

/** An image that the model made, in OpenRouter's place for it. None for one that has no URL. */
export function writeImage({ source }: Block & { readonly kind: "image" }): readonly JsonObject[] {
  const url = writeUrl(source);
  return url === undefined ? [] : [{ type: "image_url", image_url: { url } }];
}

function writeToolCall(call: ToolCall): JsonObject {
  return {
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
    ...(call.signature !== undefined && {
      extra_content: { google: { thought_signature: call.signature } },
    }),
  };
}
