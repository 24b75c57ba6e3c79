/** What the demo model has to say. The same request gives the same reply. */
import type { ChatRequest, Schema, Tool } from "./chat-request.ts";
import { toTokens } from "./tokens.ts";

/** A call of a tool. */
export interface ToolCall {
  readonly name: string;
  /** JSON. */
  readonly arguments: string;
}

/** One choice, not yet in OpenAI's form. Either pieces or tool calls. */
export interface Reply {
  /** The text, token by token. */
  readonly pieces: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: "stop" | "length" | "tool_calls";
}

/** As much of the prompt as is echoed, characters. */
const ECHO_LENGTH = 300;

/** The reply of choice `index`. */
export function replyTo(request: ChatRequest, index: number): Reply {
  const toolCalls = wantedTools(request).map((tool) => ({
    name: tool.name,
    arguments: JSON.stringify(exampleOf(tool.parameters, lastWord(request.lastText))),
  }));
  if (toolCalls.length > 0) return { pieces: [], toolCalls, finishReason: "tool_calls" };
  const pieces = toTokens(textOf(request, index));
  const isCut = pieces.length > request.maxTokens;
  return {
    pieces: isCut ? pieces.slice(0, request.maxTokens) : pieces,
    toolCalls: [],
    finishReason: isCut ? "length" : "stop",
  };
}

function textOf(request: ChatRequest, index: number): string {
  if (request.jsonSchema) return JSON.stringify(exampleOf(request.jsonSchema, lastWord(request.lastText)));
  const echo =
    request.lastText.length > ECHO_LENGTH ? `${request.lastText.slice(0, ECHO_LENGTH)}…` : request.lastText;
  const subject = request.lastRole === "tool" ? "The tool answered" : "You said";
  const variant = request.choices > 1 ? ` This is choice ${index + 1} of ${request.choices}.` : "";
  return `Hello from the demo model, which answers until you set a provider's API key. ${subject}: "${echo}".${variant}`;
}

/** The tools that must be called, or whose name the prompt mentions: `get_weather` in "weather in Paris?". */
function wantedTools({ tools, toolChoice, lastRole, lastText }: ChatRequest): readonly Tool[] {
  if (toolChoice === "none" || lastRole === "tool") return [];
  const forced = tools.filter(({ name }) => name === toolChoice);
  if (forced.length > 0) return forced;
  const prompt = lastText.toLowerCase();
  const mentioned = tools.filter(({ name }) =>
    name
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .some((word) => word.length > 3 && prompt.includes(word)),
  );
  return mentioned.length === 0 && toolChoice === "required" ? tools.slice(0, 1) : mentioned;
}

const EXAMPLES: Readonly<Record<string, unknown>> = { number: 1, integer: 1, boolean: true, null: null };

/** A value that satisfies the schema; texts are `word`. */
function exampleOf(schema: Schema, word: string): unknown {
  const { type = "object", properties = {}, items = {} } = schema;
  if (schema.enum) return schema.enum[0];
  if (type === "string") return word;
  if (type === "array") return [exampleOf(items, word)];
  if (type in EXAMPLES) return EXAMPLES[type];
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, exampleOf(property, word)]),
  );
}

function lastWord(text: string): string {
  return /([\p{L}\p{N}_-]+)[^\p{L}\p{N}]*$/u.exec(text)?.[1] ?? "demo";
}
