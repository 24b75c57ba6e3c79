/** What a format must be able to do, so that any two can be put together. Each has a folder. */
import type { JsonObject } from "@sluice/wire";
import type { AnswerEvent, ModelAnswer, ProviderError } from "./answer.ts";
import type { Conversation, ConversationFormat } from "./conversation.ts";

/** Something of a request that the other format cannot say. */
export interface Unsupported {
  /** The field as the caller wrote it, as a path: `logit_bias`, `messages[2].content[0].input_audio`. */
  readonly field: string;
  /** A sentence for the caller. */
  readonly reason: string;
  /**
   * `matters`: the answer would differ, so the call is refused unless the config drops it. `hint`: it changes nothing in the
   * answer (an end user's name, a cache hint); it is left out, and the trace says so.
   */
  readonly weight: "matters" | "hint";
}

/** Takes note of what could not be said. */
export type Note = (unsupported: Unsupported) => void;

/** A request that is no request of its format. The message names the field and the remedy. */
export class MalformedRequestError extends Error {
  override readonly name = "MalformedRequestError";
  /** The field as a path. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** An event of a provider's stream: of SSE, its `event` and `data`; of AWS's binary stream, its `:event-type` and payload. */
export interface WireEvent {
  /** Empty when it has none. */
  readonly type: string;
  readonly data: string;
}

/** What a writer of answers must know besides the answer. */
export interface AnswerContext {
  /** The model's name as the caller wrote it, for formats whose answer names none. */
  readonly model: string;
  /** Makes the ids that the provider did not give; `prefix` is the format's own (`chatcmpl-`, `msg_`, `resp_`, `call_`). */
  readonly newId: (prefix: string) => string;
  /** Unix time, seconds: when the answer began. */
  readonly nowS: number;
  /** The caller's request, read. */
  readonly conversation: Conversation;
  /** The caller's own body, for formats whose answer repeats settings (OpenAI responses). */
  readonly request: JsonObject;
}

/** Reads one stream. Make one for each. */
export interface StreamReader {
  /** Never throws: what it cannot read it leaves out. */
  read(event: WireEvent): readonly AnswerEvent[];
  /** The stream has ended. Gives what was held back; a stream without an end mark is not finished with an `end`. */
  end(): readonly AnswerEvent[];
}

/** Writes one stream. Make one for each. */
export interface StreamWriter {
  /** The bytes of the caller's format, whole SSE events (or none yet). After `end` or `error` nothing follows. */
  write(event: AnswerEvent): string;
}

/** A conversation format. */
export interface FormatTranslator {
  readonly format: ConversationFormat;
  /**
   * Reads a caller's request. What no other format can say is noted. Throws `MalformedRequestError`.
   */
  readRequest(body: JsonObject, note: Note): Conversation;
  /** Writes a request for a provider. What this format cannot say is noted, by the field's usual name. */
  writeRequest(conversation: Conversation, note: Note): JsonObject;
  /** Reads a provider's whole answer, status below 400. Undefined when it is none of this format. */
  readAnswer(body: unknown): ModelAnswer | undefined;
  writeAnswer(answer: ModelAnswer, context: AnswerContext): JsonObject;
  createStreamReader(): StreamReader;
  createStreamWriter(context: AnswerContext): StreamWriter;
  /** Reads an error's body (text as it came) with its status and headers (names in lower case). Never throws. */
  readError(body: string, status: number, headers: Readonly<Record<string, string>>): ProviderError;
  /** An error's body in this format. Keeps the message, type and code where the format has room for them. */
  writeError(error: ProviderError): JsonObject;
}
