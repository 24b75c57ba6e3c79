/** What the demo model reads of a chat request. */
import { apiError } from "./api-error.ts";

/** A JSON schema, as far as the model can make an example of it. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** A function that the model may call. */
export interface Tool {
  readonly name: string;
  readonly parameters: Schema;
}

/** A chat request, checked. */
export interface ChatRequest {
  readonly model: string;
  /** The text of all messages: what the prompt tokens are counted from. */
  readonly promptText: string;
  /** The text of the last message; of several parts the last one, since coding agents put their own hints in front. */
  readonly lastText: string;
  readonly lastRole: string;
  readonly tools: readonly Tool[];
  /** `auto`, `none`, `required`, or the name of the one function that must be called. */
  readonly toolChoice: string;
  /** Choices, `n`. */
  readonly choices: number;
  /** Tokens of each choice at most. */
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Answer with JSON: an example of this schema. */
  readonly jsonSchema?: Schema;
}

interface RawRequest {
  readonly model?: string;
  readonly messages?: readonly { readonly role?: string; readonly content?: unknown }[];
  readonly tools?: readonly {
    readonly function?: { readonly name?: string; readonly parameters?: Schema };
  }[];
  readonly tool_choice?: string | { readonly function?: { readonly name?: string } };
  readonly n?: number;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly response_format?: { readonly type?: string; readonly json_schema?: { readonly schema?: Schema } };
}

/** Reads the body of a request. Throws `ApiError` where OpenAI refuses it. */
export function readChatRequest(body: unknown): ChatRequest {
  const raw = body as RawRequest;
  if (typeof raw.model !== "string") throw apiError(400, "you must provide a model parameter");
  if (!Array.isArray(raw.messages) || raw.messages.length === 0) {
    throw apiError(400, "Missing required parameter: 'messages'.", {
      code: "missing_required_parameter",
      param: "messages",
    });
  }
  const messages = raw.messages as NonNullable<RawRequest["messages"]>;
  const last = messages.at(-1);
  const jsonSchema = jsonSchemaOf(raw.response_format);
  return {
    model: raw.model,
    promptText: messages.map(({ content }) => textOf(content)).join("\n"),
    lastText: lastTextOf(last?.content),
    lastRole: last?.role ?? "user",
    tools: (raw.tools ?? []).map((tool) => ({
      name: tool.function?.name ?? "",
      parameters: tool.function?.parameters ?? {},
    })),
    toolChoice:
      typeof raw.tool_choice === "object"
        ? (raw.tool_choice.function?.name ?? "auto")
        : (raw.tool_choice ?? "auto"),
    choices: raw.n ?? 1,
    maxTokens: raw.max_completion_tokens ?? raw.max_tokens ?? Number.POSITIVE_INFINITY,
    stream: raw.stream ?? false,
    includeUsage: raw.stream_options?.include_usage ?? false,
    ...(jsonSchema && { jsonSchema }),
  };
}

/** A message's content is text, or a list of parts of which the text ones count. */
function textOf(content: unknown): string {
  return textsOf(content).join("");
}

function lastTextOf(content: unknown): string {
  return textsOf(content).at(-1) ?? "";
}

function textsOf(content: unknown): readonly string[] {
  if (typeof content === "string") return [content];
  if (!Array.isArray(content)) return [];
  return (content as readonly { readonly text?: unknown }[]).flatMap(({ text }) =>
    typeof text === "string" ? [text] : [],
  );
}

function jsonSchemaOf(format: RawRequest["response_format"]): Schema | undefined {
  if (format?.type === "json_schema") return format.json_schema?.schema ?? {};
  if (format?.type === "json_object") return { type: "object", properties: { answer: { type: "string" } } };
  return undefined;
}
