/** The pairing: puts the caller's format and the provider's together for one call. */
import { asObject, findError, type JsonObject } from "@sluice/wire";
import type { AnswerEvent, ProviderError } from "./answer.ts";
import { answerEvents } from "./answer-events.ts";
import { completed, createCompletion } from "./completion.ts";
import type { Conversation, ConversationFormat } from "./conversation.ts";
import { foldEvents } from "./fold-events.ts";
import type { AnswerContext, FormatTranslator, StreamReader, Unsupported, WireEvent } from "./format.ts";
import { createFraming, type Framing, looksLikeJson } from "./framing.ts";

/** One call's translation from the caller's format to the provider's. */
export interface Translation {
  /** The body for the provider (JSON). */
  readonly body: Buffer;
  /** What had to be left out, in the order in which it was found. */
  readonly unsupported: readonly Unsupported[];
  /** Whether the caller asked for a stream. Some providers take that from the URL instead of the body. */
  readonly streaming: boolean;
  /**
   * A whole answer, status below 400, in the caller's format. An event stream, which some providers send unasked, is put
   * together first. Throws `UnreadableAnswerError` when the body is no answer of the provider's format.
   */
  answer(body: Buffer): Buffer;
  /** An error's body in the caller's format. `headers`: the provider's, names in lower case. Never throws. */
  error(body: Buffer, status: number, headers: Readonly<Record<string, string>>): Buffer;
  /** A translator of one streamed answer; make one for each. */
  stream(): StreamTranslation;
}

/**
 * A streamed answer, piece by piece: bytes in the provider's framing (SSE, or AWS's event stream for Converse) become whole
 * SSE events of the caller's format. A whole JSON body, which some providers send unasked, becomes a stream at its end.
 */
export interface StreamTranslation {
  /** What can be told now. Empty for bytes that end no event, and for all bytes after the end or an error. */
  push(chunk: Uint8Array): readonly Buffer[];
  /**
   * The provider's stream has ended. `broken`: it did so without its end mark and without an error event; then nothing is
   * written that looks like a clean end, and the caller must be told by an error event (`fail`) or a reset connection.
   */
  end(): { readonly pieces: readonly Buffer[]; readonly broken: boolean };
  /** An error of the gateway's own, as the stream's last event. Empty when the stream has already ended. */
  fail(error: ProviderError): readonly Buffer[];
}

/** The provider's body is no answer of its format, whatever its status said. */
export class UnreadableAnswerError extends Error {
  override readonly name = "UnreadableAnswerError";
  /** The error as the provider told it, or a description of what came instead; its status fits an error answer. */
  readonly error: ProviderError;
  /** An error's body in the caller's format. */
  readonly body: Buffer;

  constructor(error: ProviderError, body: Buffer) {
    super(error.message);
    this.error = error;
    this.body = body;
  }
}

/** What a translation starts from. */
export interface TranslateOptions {
  /** The caller's format. */
  readonly from: ConversationFormat;
  /** The provider's format. */
  readonly to: ConversationFormat;
  /** The caller's request. */
  readonly body: JsonObject;
  /** The model's name at the provider. */
  readonly model: string;
  /** The model's name as the caller wrote it. */
  readonly callerModel: string;
  /** Whether the caller wants a stream, for the formats whose URL says it. Absent: as the body says. */
  readonly streaming?: boolean;
  /** Makes an id that is used once; it begins with `prefix`. */
  readonly newId: (prefix: string) => string;
  /** Unix time, seconds: when the answer begins. */
  readonly nowS: number;
}

/** Status of an answer that is none: the gateway got something invalid from the server behind it. */
const BAD_GATEWAY = 502;

/** How the ids of tool calls begin that a provider left without one. */
const CALL_ID_PREFIX: Readonly<Record<ConversationFormat, string>> = {
  "openai-chat": "call_",
  "openai-responses": "call_",
  "anthropic-messages": "toolu_",
  "bedrock-converse": "tooluse_",
  "gemini-generate-content": "call_",
};

/** Each format by its name; loaded when a call needs it, so that a call loads only its two. */
const FORMATS: Readonly<Record<ConversationFormat, () => Promise<FormatTranslator>>> = {
  "openai-chat": async () => (await import("./openai-chat/index.ts")).openAiChat,
  "openai-responses": async () => (await import("./openai-responses/index.ts")).openAiResponses,
  "anthropic-messages": async () => (await import("./anthropic/index.ts")).anthropicMessages,
  "bedrock-converse": async () => (await import("./bedrock-converse/index.ts")).bedrockConverse,
  "gemini-generate-content": async () => (await import("./gemini/index.ts")).geminiGenerateContent,
};

/**
 * Translates a caller's request, and makes ready for the answer. Throws `MalformedRequestError` when the body is no request
 * of the caller's format.
 */
export async function translate(options: TranslateOptions): Promise<Translation> {
  const [caller, provider] = await Promise.all([FORMATS[options.from](), FORMATS[options.to]()]);
  const unsupported: Unsupported[] = [];
  const note = (entry: Unsupported) => unsupported.push(entry);
  const read = caller.readRequest(options.body, note);
  const conversation: Conversation = {
    ...read,
    model: options.model,
    stream: options.streaming ?? read.stream,
  };
  for (const entry of openAiOnly(conversation, options.to)) note(entry);
  const body = toBuffer(provider.writeRequest(conversation, note));
  const context: AnswerContext = {
    model: options.callerModel,
    newId: options.newId,
    nowS: options.nowS,
    conversation: { ...conversation, model: options.callerModel },
    request: options.body,
  };
  const newCallId = () => options.newId(CALL_ID_PREFIX[options.from]);

  return {
    body,
    unsupported,
    streaming: conversation.stream,
    answer(bytes) {
      const answer = looksLikeJson(bytes)
        ? provider.readAnswer(parse(bytes))
        : foldEvents(readWhole(createFraming(options.to), provider.createStreamReader(), bytes));
      if (answer) return toBuffer(caller.writeAnswer(completed(answer, newCallId), context));
      const error = unreadable(provider, bytes);
      throw new UnreadableAnswerError(error, toBuffer(caller.writeError(error)));
    },
    error: (bytes, status, headers) =>
      toBuffer(caller.writeError(provider.readError(bytes.toString("utf8"), status, headers))),
    stream: () => createStreamTranslation(caller, provider, context, newCallId),
  };
}

function createStreamTranslation(
  caller: FormatTranslator,
  provider: FormatTranslator,
  context: AnswerContext,
  newCallId: () => string,
): StreamTranslation {
  const framing = createFraming(provider.format);
  const reader = provider.createStreamReader();
  const writer = caller.createStreamWriter(context);
  const complete = createCompletion(newCallId);
  let state: "open" | "ended" | "failed" = "open";

  function write(events: readonly AnswerEvent[]): Buffer[] {
    const pieces: Buffer[] = [];
    for (const event of complete(events)) {
      if (state !== "open") break;
      if (event.kind === "end") state = "ended";
      if (event.kind === "error") state = "failed";
      const text = writer.write(event);
      if (text !== "") pieces.push(Buffer.from(text, "utf8"));
    }
    return pieces;
  }

  return {
    push: (chunk) =>
      state === "open" ? framing.feed(chunk).flatMap((event) => write(reader.read(event))) : [],
    end() {
      if (state !== "open") return { pieces: [], broken: false };
      const { events, json } = framing.end();
      const last = events.flatMap((event) => write(reader.read(event)));
      const whole = json === undefined ? [] : write(readJson(provider, reader, json));
      const held = reader.end();
      // A reason to stop without the end mark may be half of the story.
      const clean = held.some(({ kind }) => kind === "end" || kind === "error");
      const rest = write(clean ? held : held.filter(({ kind }) => kind !== "finish"));
      return { pieces: [...last, ...whole, ...rest], broken: state === "open" };
    },
    fail: (error) => write([{ kind: "error", error }]),
  };
}

/** The events of a body that came whole: an answer, an error, or a list of a stream's events (Gemini without `alt=sse`). */
function readJson(provider: FormatTranslator, reader: StreamReader, bytes: Buffer): readonly AnswerEvent[] {
  const value = parse(bytes);
  if (Array.isArray(value)) {
    return value.flatMap((item) => reader.read({ type: "", data: JSON.stringify(item) }));
  }
  const answer = provider.readAnswer(value);
  if (answer) return answerEvents(answer);
  return [{ kind: "error", error: unreadable(provider, bytes) }];
}

function readWhole(framing: Framing, reader: StreamReader, bytes: Buffer): readonly AnswerEvent[] {
  const events: readonly WireEvent[] = [...framing.feed(bytes), ...framing.end().events];
  return [...events.flatMap((event) => reader.read(event)), ...reader.end()];
}

/** The error in a body that a provider sent under a good status, or a description of a body that is none of its format. */
function unreadable(provider: FormatTranslator, bytes: Buffer): ProviderError {
  const value = parse(bytes);
  const body = asObject(Array.isArray(value) ? value[0] : value);
  if (findError(value) || body?.["type"] === "error" || body?.["__type"] !== undefined) {
    return provider.readError(bytes.toString("utf8"), BAD_GATEWAY, {});
  }
  return {
    message: `The provider answered with a body of ${bytes.length} bytes that is no answer in its format (${provider.format}).`,
    status: BAD_GATEWAY,
    type: "api_error",
    code: "unreadable_answer",
  };
}

/** What of the settings that only OpenAI knows is lost on this target. */
function openAiOnly({ openAi = {} }: Conversation, to: ConversationFormat): readonly Unsupported[] {
  if (to === "openai-chat" || to === "openai-responses") return [];
  const reason = (field: string) => `Only OpenAI's formats have ${field}; the provider's (${to}) has not.`;
  return [
    ["verbosity", openAi.verbosity, "matters"] as const,
    ["metadata", openAi.metadata, "hint"] as const,
    ["store", openAi.store, "hint"] as const,
    ["prompt_cache_key", openAi.promptCacheKey, "hint"] as const,
    ["prompt_cache_retention", openAi.promptCacheRetention, "hint"] as const,
    ["safety_identifier", openAi.safetyIdentifier, "hint"] as const,
  ]
    .filter(([, value]) => value !== undefined)
    .map(([field, , weight]) => ({ field, reason: reason(field), weight }));
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8").replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

function toBuffer(value: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(value), "utf8");
}
