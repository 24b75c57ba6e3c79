/**
 * The input of a call as one kind of conversation, whatever format it came in: system messages, messages and tools, in the
 * shape of OpenAI's chat, which Langfuse shows as a conversation and takes tool definitions from.
 */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";

/** See the module. */
export interface Conversation {
  /** Given apart from the messages (Anthropic's `system`, Gemini's `systemInstruction`): text, or a list of blocks. */
  readonly system?: unknown;
  readonly messages: readonly unknown[];
  readonly tools: readonly unknown[];
  /** Everything else that the model was given. */
  readonly rest: JsonObject;
}

/** The conversation in an input, or undefined when it is none. */
export function conversationOf(input: unknown): Conversation | undefined {
  const fields = asObject(input);
  if (!fields) return undefined;
  if (Array.isArray(fields["contents"])) return ofGemini(fields);
  if (!Array.isArray(fields["messages"])) return undefined;
  const isConverse =
    fields["toolConfig"] !== undefined || asList(fields["messages"]).some(hasConverseContent);
  return isConverse ? ofConverse(fields) : ofMessages(fields);
}

/** OpenAI's chat and responses, and Anthropic's messages, whose content blocks Langfuse knows. */
function ofMessages({ system, messages, tools, ...rest }: JsonObject): Conversation {
  return {
    ...(system !== undefined && { system }),
    messages: asList(messages),
    tools: asList(tools).map(functionTool),
    rest,
  };
}

/** Anthropic's definitions of the caller's own tools in OpenAI's shape; all others as they are. */
function functionTool(value: unknown): unknown {
  const tool = asObject(value);
  if (tool?.["input_schema"] === undefined) return value;
  const { name, description, input_schema: parameters, type: _, ...rest } = tool;
  return {
    type: "function",
    function: { name, ...(description !== undefined && { description }), parameters },
    ...rest,
  };
}

function ofGemini({
  contents,
  systemInstruction,
  system_instruction,
  tools,
  ...rest
}: JsonObject): Conversation {
  const instruction = asObject(systemInstruction ?? system_instruction);
  const declared = asList(tools).flatMap((value) => {
    const { functionDeclarations, function_declarations, ...others } = asObject(value) ?? {};
    const functions = asList(functionDeclarations ?? function_declarations).map((each) => ({
      type: "function",
      function: each,
    }));
    return Object.keys(others).length > 0 ? [...functions, others] : functions;
  });
  return {
    ...(instruction && { system: contentOf(asList(instruction["parts"]).map(geminiPart)) }),
    messages: asList(contents).flatMap(geminiMessages),
    tools: declared,
    rest,
  };
}

/** A turn of Gemini's as a message; the results of tools in it are messages of their own. */
function geminiMessages(value: unknown): readonly unknown[] {
  const turn = asObject(value);
  if (!turn) return [value];
  const parts = asList(turn["parts"]);
  const calls = parts.flatMap((part) => {
    const call = member(part, "functionCall", "function_call");
    return call ? [toolCall(call["id"], call["name"], call["args"])] : [];
  });
  const results = parts.flatMap((part) => {
    const result = member(part, "functionResponse", "function_response");
    if (!result) return [];
    const id = result["id"] ?? result["name"];
    return [{ role: "tool", tool_call_id: id, name: result["name"], content: asJson(result["response"]) }];
  });
  const said = parts.filter(
    (part) =>
      !member(part, "functionCall", "function_call") &&
      !member(part, "functionResponse", "function_response"),
  );
  if (said.length === 0 && calls.length === 0) return results;
  const message = {
    role: turn["role"] === "model" ? "assistant" : (asText(turn["role"]) ?? "user"),
    content: said.length === 0 ? null : contentOf(said.map(geminiPart)),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return [...results, message];
}

function geminiPart(value: unknown): unknown {
  const part = asObject(value);
  const onlyText = typeof part?.["text"] === "string" && Object.keys(part).length === 1;
  return onlyText ? { type: "text", text: part["text"] } : value;
}

function ofConverse({ system, messages, toolConfig, ...rest }: JsonObject): Conversation {
  const { tools, ...choice } = asObject(toolConfig) ?? {};
  return {
    ...(system !== undefined && { system: contentOf(asList(system).map(converseBlock)) }),
    messages: asList(messages).map((value) => {
      const message = asObject(value);
      return message
        ? { ...message, content: contentOf(asList(message["content"]).map(converseBlock)) }
        : value;
    }),
    tools: asList(tools).map((value) => {
      const spec = asObject(asObject(value)?.["toolSpec"]);
      if (!spec) return value;
      const { name, description, inputSchema } = spec;
      const parameters = asObject(inputSchema)?.["json"];
      return {
        type: "function",
        function: { name, ...(description !== undefined && { description }), parameters },
      };
    }),
    rest: Object.keys(choice).length > 0 ? { ...rest, toolConfig: choice } : rest,
  };
}

/** Converse has no `type` in its blocks: their only member's name says what they are. */
function hasConverseContent(value: unknown): boolean {
  return asList(asObject(value)?.["content"]).some((block) => {
    const fields = asObject(block);
    return (
      fields !== undefined &&
      fields["type"] === undefined &&
      ("text" in fields || "toolUse" in fields || "toolResult" in fields)
    );
  });
}

function converseBlock(value: unknown): unknown {
  const block = asObject(value);
  if (!block) return value;
  const use = asObject(block["toolUse"]);
  if (use) return { type: "tool_use", id: use["toolUseId"], name: use["name"], input: use["input"] };
  const result = asObject(block["toolResult"]);
  if (result) {
    const content = contentOf(asList(result["content"]).map(converseBlock));
    return { type: "tool_result", tool_use_id: result["toolUseId"], content };
  }
  return typeof block["text"] === "string" ? { type: "text", text: block["text"] } : value;
}

/** One text where the content is nothing but one, else the list. */
function contentOf(parts: readonly unknown[]): unknown {
  const [only, ...more] = parts;
  const first = asObject(only);
  return more.length === 0 && first?.["type"] === "text" && typeof first["text"] === "string"
    ? first["text"]
    : parts;
}

function member(part: unknown, ...names: readonly string[]): JsonObject | undefined {
  const fields = asObject(part);
  return names.map((name) => asObject(fields?.[name])).find((value) => value !== undefined);
}

function toolCall(id: unknown, name: unknown, args: unknown): object {
  return {
    ...(id !== undefined && { id }),
    type: "function",
    function: { name, arguments: asJson(args ?? {}) },
  };
}

function asJson(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
