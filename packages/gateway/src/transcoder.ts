/** Puts a provider's answer into the caller's format on its way, whichever of the two kinds of body it has. */
import type { AnswerTranslation } from "./answer-translation.ts";
import type { ProviderAnswer } from "./routing/provider-answer.ts";

/** What a stream in the caller's format is sent as. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8";

/** A translated answer's bytes. Use one for each answer. */
export interface Transcoder {
  /** Of what comes out. */
  readonly contentType: string;
  /** Whether everything comes out at the end: until then the answer can still become an error. */
  readonly whole: boolean;
  /** Takes bytes of the provider, decompressed; returns what can be passed on now. Throws when they cannot be read. */
  push(chunk: Buffer): readonly Buffer[];
  /** The provider's body is complete. `broken`: it ended without the mark that its format ends with. */
  end(): { readonly pieces: readonly Buffer[]; readonly broken: boolean };
}

/** Longest body that is translated whole, bytes: it is held in memory twice. */
export const MAX_WHOLE_BYTES = 32 * 1024 * 1024;

/** The transcoder of an answer; undefined when the answer is passed on as it is. */
export function createTranscoder(
  answer: ProviderAnswer,
  translation: AnswerTranslation | undefined,
): Transcoder | undefined {
  if (!translation) return undefined;
  const status = answer.statusCode ?? 502;
  const type = answer.headers["content-type"] ?? "";
  if (status < 400 && /^(text\/event-stream|application\/vnd\.amazon\.eventstream)\b/i.test(type)) {
    return { contentType: EVENT_STREAM, whole: false, ...translation.stream() };
  }
  return whole((body) =>
    status < 400 ? translation.answer(body) : translation.error(body, status, headersOf(answer)),
  );
}

function whole(translate: (body: Buffer) => Buffer): Transcoder {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    contentType: "application/json",
    whole: true,
    push(chunk) {
      bytes += chunk.length;
      if (bytes > MAX_WHOLE_BYTES) throw new Error(`it has more than ${MAX_WHOLE_BYTES} bytes.`);
      chunks.push(chunk);
      return [];
    },
    end: () => ({ pieces: [translate(Buffer.concat(chunks))], broken: false }),
  };
}

function headersOf({ headers }: ProviderAnswer): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
