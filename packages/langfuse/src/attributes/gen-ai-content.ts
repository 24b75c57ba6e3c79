/**
 * Content by the semantic conventions 1.40 (JSON schemas of `gen_ai.input.messages`, `gen_ai.output.messages` and
 * `gen_ai.system_instructions`): messages of parts. A part of a kind that they do not know goes along as it is.
 */
import { asList, asObject, asText, type Choice, type JsonObject, parseJson } from "@sluice/wire";
import type { CallFacts } from "./call-facts.ts";

/** A part; its other members follow from its type. */
type Part = JsonObject & { readonly type: string };

/** `gen_ai.system_instructions`. */
export function systemInstructions({ conversation }: CallFacts): string | undefined {
  return conversation?.system === undefined ? undefined : JSON.stringify(partsOf(conversation.system));
}

/** `gen_ai.input.messages`. */
export function inputMessages({ conversation, request, record }: CallFacts): string | undefined {
  if (conversation) return JSON.stringify(conversation.messages.map(inputMessage));
  if (request?.input === undefined || record.endpoint === "proxy") return undefined;
  const input = typeof request.input === "string" ? request.input : JSON.stringify(request.input);
  return JSON.stringify([{ role: "user", parts: [textPart(input)] }]);
}

/** `gen_ai.output.messages`: one for each choice. */
export function outputMessages({ answer }: CallFacts): string | undefined {
  return answer && answer.choices.length > 0 ? JSON.stringify(answer.choices.map(outputMessage)) : undefined;
}

/** `gen_ai.tool.definitions`. */
export function toolDefinitions({ conversation }: CallFacts): string | undefined {
  return conversation && conversation.tools.length > 0 ? JSON.stringify(conversation.tools) : undefined;
}

function outputMessage(choice: Choice): object {
  return {
    role: choice.role,
    parts: [
      ...(choice.reasoning === "" ? [] : [{ type: "reasoning", content: choice.reasoning }]),
      ...(choice.text === "" ? [] : [textPart(choice.text)]),
      ...(choice.refusal === undefined ? [] : [textPart(choice.refusal)]),
      ...choice.parts.map(part),
      ...choice.toolCalls.map(({ id, name, arguments: args }) => toolCall(id, name, args)),
    ],
    // The schema asks for a reason; a choice that broke off has none of its own.
    finish_reason: choice.finishReason ?? "error",
  };
}

function inputMessage(value: unknown): object {
  const message = asObject(value);
  if (!message) return { role: "user", parts: partsOf(value) };
  const role = asText(message["role"]);
  if (role === undefined) return { role: "assistant", parts: [part(message)] };
  if (role === "tool") {
    return {
      role,
      parts: [
        { type: "tool_call_response", id: message["tool_call_id"] ?? null, response: message["content"] },
      ],
    };
  }
  const calls = asList(message["tool_calls"]).flatMap((each) => {
    const call = asObject(each);
    const called = asObject(call?.["function"]);
    return called ? [toolCall(call?.["id"], called["name"], called["arguments"])] : [];
  });
  return { role, parts: [...partsOf(message["content"]), ...calls] };
}

function partsOf(content: unknown): readonly Part[] {
  if (content === undefined || content === null || content === "") return [];
  return Array.isArray(content) ? content.map(part) : [part(content)];
}

function part(value: unknown): Part {
  const block = asObject(value);
  if (!block) return textPart(typeof value === "string" ? value : JSON.stringify(value));
  switch (block["type"]) {
    case "text":
    case "input_text":
    case "output_text":
      return textPart(asText(block["text"]) ?? "");
    case "thinking":
      return { type: "reasoning", content: asText(block["thinking"]) ?? "" };
    case "tool_use":
      return toolCall(block["id"], block["name"], block["input"]);
    case "tool_result":
      return {
        type: "tool_call_response",
        id: block["tool_use_id"] ?? null,
        response: block["content"] ?? "",
      };
    default:
      return { ...block, type: asText(block["type"]) ?? "unknown" };
  }
}

function textPart(content: string): Part {
  return { type: "text", content };
}

/** Arguments are an object where they are JSON, as the schema's examples have them. */
function toolCall(id: unknown, name: unknown, args: unknown): Part {
  const parsed = typeof args === "string" ? (parseJson(args) ?? args) : args;
  return { type: "tool_call", id: id ?? null, name: asText(name) ?? "", arguments: parsed };
}
