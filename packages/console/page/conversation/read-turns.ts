/** Input and output of a call as turns of a conversation, whatever provider's content they hold. */
import { asList, asObject, asText, type JsonObject, parseJson } from "@sluice/wire/json-value";

/** A piece of a turn. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "tool call"; readonly name: string; readonly id?: string; readonly input: string }
  | { readonly kind: "tool result"; readonly of?: string; readonly parts: readonly Part[] }
  /** An image, a sound or a file. `mediaId` where the sink has it. */
  | { readonly kind: "media"; readonly type: string; readonly mediaId?: string; readonly address?: string }
  | { readonly kind: "data"; readonly value: unknown };

/** What one side said. */
export interface Turn {
  /** `system`, `user`, `assistant`, `tool` and so on. */
  readonly role: string;
  /** Of an answer with several choices, which one. */
  readonly choice?: number;
  readonly parts: readonly Part[];
}

/** How Langfuse writes a file in the place of its bytes (its documentation of multi-modality). */
const MEDIA = /@@@langfuseMedia:type=([^|@]+)\|id=([\w-]+)\|source=[^@]*@@@/;

/** The turns of an input; none when nothing was captured. */
export function inputTurns(input: unknown): readonly Turn[] {
  if (input === undefined) return [];
  const messages = asObject(input)?.["messages"];
  if (Array.isArray(messages)) return messages.map(turnOf);
  return [{ role: "input", parts: partsOf(input) }];
}

/** The turns of an output: a message, several choices, or whatever else came. */
export function outputTurns(output: unknown): readonly Turn[] {
  if (output === undefined) return [];
  if (Array.isArray(output) && output.every((choice) => asObject(asObject(choice)?.["message"]))) {
    return output.map((choice, index) => ({ ...turnOf(asObject(choice)?.["message"]), choice: index + 1 }));
  }
  const role = asText(asObject(output)?.["role"]);
  return [role === undefined ? { role: "output", parts: partsOf(output) } : turnOf(output)];
}

/** The tools that the model was offered, by name. */
export function offeredTools(input: unknown): readonly string[] {
  return asList(asObject(input)?.["tools"]).map((tool) => {
    const fields = asObject(tool);
    return (
      asText(asObject(fields?.["function"])?.["name"]) ??
      asText(fields?.["name"]) ??
      asText(fields?.["type"]) ??
      "?"
    );
  });
}

function turnOf(value: unknown): Turn {
  const message = asObject(value);
  if (!message) return { role: "input", parts: partsOf(value) };
  const type = asText(message["type"]);
  if (message["role"] === undefined && type !== undefined) return itemTurn(type, message);
  const {
    role,
    content,
    reasoning_content: reasoning,
    tool_calls: calls,
    refusal,
    tool_call_id: of,
  } = message;
  const said = partsOf(content);
  const parts: Part[] = [
    ...(typeof reasoning === "string" && reasoning !== ""
      ? [{ kind: "reasoning", text: reasoning } as const]
      : []),
    ...(role === "tool" ? [{ kind: "tool result", ...id("of", of), parts: said } as const] : said),
    ...(typeof refusal === "string" ? [{ kind: "text", text: refusal } as const] : []),
    ...asList(calls).map(toolCall),
  ];
  return { role: asText(role) ?? "input", parts };
}

/** The items of OpenAI's Responses that are no messages. */
function itemTurn(type: string, item: JsonObject): Turn {
  if (type === "function_call") {
    const { name, call_id: callId, arguments: args } = item;
    const part: Part = {
      kind: "tool call",
      name: asText(name) ?? "?",
      ...id("id", callId),
      input: pretty(args),
    };
    return { role: "assistant", parts: [part] };
  }
  if (type === "function_call_output") {
    return {
      role: "tool",
      parts: [{ kind: "tool result", ...id("of", item["call_id"]), parts: partsOf(item["output"]) }],
    };
  }
  if (type === "reasoning") {
    const text = asList(item["summary"])
      .map((part) => asText(asObject(part)?.["text"]) ?? "")
      .join("\n");
    return {
      role: "assistant",
      parts: text === "" ? [{ kind: "data", value: item }] : [{ kind: "reasoning", text }],
    };
  }
  return { role: type, parts: [{ kind: "data", value: item }] };
}

function partsOf(content: unknown): readonly Part[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") return textParts(content);
  if (Array.isArray(content))
    return content.flatMap((block) => (typeof block === "string" ? textParts(block) : blockParts(block)));
  return blockParts(content);
}

function blockParts(value: unknown): readonly Part[] {
  const block = asObject(value);
  if (!block) return [{ kind: "data", value }];
  const { type, text, thinking, name, input } = block;
  if (type === "thinking" && typeof thinking === "string") return [{ kind: "reasoning", text: thinking }];
  if (type === "redacted_thinking") return [{ kind: "reasoning", text: "Kept secret by the provider." }];
  if (type === "tool_use") {
    return [{ kind: "tool call", name: asText(name) ?? "?", ...id("id", block["id"]), input: pretty(input) }];
  }
  if (type === "tool_result") {
    return [{ kind: "tool result", ...id("of", block["tool_use_id"]), parts: partsOf(block["content"]) }];
  }
  if (typeof text === "string")
    return block["thought"] === true ? [{ kind: "reasoning", text }] : textParts(text);
  return [mediaIn(block) ?? { kind: "data", value }];
}

/** A text may name files in its middle. */
function textParts(text: string): readonly Part[] {
  const parts: Part[] = [];
  let rest = text;
  for (let match = MEDIA.exec(rest); match; match = MEDIA.exec(rest)) {
    const before = rest.slice(0, match.index);
    if (before.trim() !== "") parts.push({ kind: "text", text: before });
    parts.push({ kind: "media", type: match[1] ?? "", mediaId: match[2] ?? "" });
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest.trim() !== "") parts.push({ kind: "text", text: rest });
  return parts;
}

/** A block that holds a file, or says where one is. */
function mediaIn(block: JsonObject): Part | undefined {
  const [, mediaType, mediaId] = MEDIA.exec(JSON.stringify(block)) ?? [];
  if (mediaType !== undefined && mediaId !== undefined) return { kind: "media", type: mediaType, mediaId };
  const image = asObject(block["image_url"]);
  const source = asObject(block["source"]);
  const address =
    asText(image?.["url"]) ??
    asText(block["image_url"]) ??
    asText(source?.["url"]) ??
    asText(block["file_url"]);
  if (address === undefined) return undefined;
  return { kind: "media", type: asText(block["type"]) ?? "file", address };
}

function toolCall(value: unknown): Part {
  const call = asObject(value);
  const called = asObject(call?.["function"]) ?? call;
  return {
    kind: "tool call",
    name: asText(called?.["name"]) ?? "?",
    ...id("id", call?.["id"]),
    input: pretty(called?.["arguments"] ?? called?.["input"]),
  };
}

/** JSON with line breaks; a text that is no JSON as it is. */
function pretty(value: unknown): string {
  const parsed = typeof value === "string" ? (parseJson(value) ?? value) : value;
  return typeof parsed === "string" ? parsed : (JSON.stringify(parsed, undefined, 2) ?? "");
}

function id<K extends string>(name: K, value: unknown): { readonly [name in K]?: string } {
  return typeof value === "string" ? ({ [name]: value } as { readonly [name in K]?: string }) : {};
}
