/** Takes the files out of a call, so that its trace refers to them or stands placeholders in their place. */
import {
  type AssembledAnswer,
  asObject,
  type Choice,
  type JsonObject,
  type MediaPlaceholder,
  mediaPlaceholder,
  placeholderContent,
  placeholderText,
} from "@sluice/wire";
import type { BodyView, ObservedCall } from "../observed-call.ts";
import { type EmbeddedFile, embeddedFile, type Place } from "./embedded-file.ts";
import { mediaReference } from "./media-reference.ts";
import type { Media } from "./media-store.ts";
import { acceptedType } from "./media-types.ts";

/** How files are shown: Langfuse shows those that are stored with it; a placeholder has type, size and SHA-256. */
export type MediaMode = "langfuse" | "placeholder";

/** A call without files in it, and the files that it refers to. */
export interface ShownCall {
  readonly call: ObservedCall;
  readonly media: readonly Media[];
}

/** The largest file that is stored with Langfuse, bytes; a larger one is shown by a placeholder. */
export const MAX_MEDIA_BYTES = 20_000_000;

/** A file inside a text that says more. A short one, as in the source of a page, is left where it is. */
const DATA_URI_IN_TEXT =
  /data:([\w.+-]{1,60}\/[\w.+-]{1,100})(?:;[\w.+="-]{1,60}){0,5};base64,[A-Za-z0-9+/_-]{1000,}={0,2}/g;

/**
 * The call with every file in base64 taken out of its input and output. The same call always gives the same. What could not be
 * read as its format is left as it is, but for data URIs.
 */
export function showMedia(call: ObservedCall, mode: MediaMode): ShownCall {
  const input = createTaker(mode, "input");
  const output = createTaker(mode, "output");
  const request = viewed(call.request, input, (value) => ({
    ...value,
    input: input.take(value.input),
    parameters: input.takeObject(value.parameters),
  }));
  const answer = call.answer && viewed(call.answer, output, (value) => answerWithout(value, output));
  return {
    call: { ...call, request, ...(answer && { answer }) },
    media: [...input.media, ...output.media],
  };
}

function answerWithout(answer: AssembledAnswer, { take, takeText, takeObject }: Taker): AssembledAnswer {
  const choice = (one: Choice): Choice => ({
    ...one,
    text: takeText(one.text),
    toolCalls: one.toolCalls.map((call) => ({ ...call, arguments: takeText(call.arguments) })),
    parts: one.parts.map((part) => take(part)),
    ...(one.blocks && { blocks: one.blocks.map((block) => takeObject(block)) }),
    other: takeObject(one.other),
  });
  const { error, output } = answer;
  return {
    ...answer,
    choices: answer.choices.map(choice),
    ...(output !== undefined && { output: take(output) }),
    ...(error && { error: { ...error, message: takeText(error.message), raw: take(error.raw) } }),
  };
}

function viewed<T>(view: BodyView<T>, { takeText }: Taker, without: (value: T) => T): BodyView<T> {
  if (view.kind === "read") return { kind: "read", value: without(view.value) };
  if (view.raw?.encoding !== "utf-8") return view;
  return { ...view, raw: { ...view.raw, text: takeText(view.raw.text) } };
}

/** Takes files out of values, and collects them. */
interface Taker {
  take(value: unknown): unknown;
  takeObject(object: JsonObject): JsonObject;
  /** A text stays a text: a file in it is told in words. */
  takeText(text: string): string;
  readonly media: readonly Media[];
}

/** A file as the trace shows it. */
type Shown = string | MediaPlaceholder;

function createTaker(mode: MediaMode, field: Media["field"]): Taker {
  const media = new Map<string, Media>();
  /** Conversations repeat themselves, and an answer has its parts twice: each text is hashed once. */
  const known = new Map<string, Shown>();

  function show(content: readonly Uint8Array[], placeholder: MediaPlaceholder, source: string): Shown {
    const mediaType = acceptedType(placeholder.media_type);
    const { bytes } = placeholder;
    if (mode === "placeholder" || mediaType === undefined) return placeholder;
    if (bytes === 0 || bytes > MAX_MEDIA_BYTES) return placeholder;
    const sha256 = Buffer.from(placeholder.sha256, "hex").toString("base64");
    const reference = mediaReference(mediaType, sha256, source);
    if (!media.has(reference)) {
      const [only, ...more] = content;
      const whole = only && more.length === 0 ? only : Buffer.concat(content);
      media.set(reference, { mediaType, content: whole, sha256, reference, field });
    }
    return reference;
  }

  function showFile(text: string, file: EmbeddedFile): Shown {
    const before = known.get(text);
    if (before !== undefined) return before;
    const content = [Buffer.from(file.base64, "base64")];
    const shown = show(content, mediaPlaceholder(content, file.mediaType, file.filename), file.source);
    known.set(text, shown);
    return shown;
  }

  const inWords = (shown: Shown) => (typeof shown === "string" ? shown : placeholderText(shown));

  function takeText(text: string): string {
    if (!text.includes(";base64,")) return text;
    return text.replaceAll(DATA_URI_IN_TEXT, (uri: string) => {
      const file = embeddedFile(uri, undefined);
      return file ? inWords(showFile(uri, file)) : uri;
    });
  }

  function takeString(text: string, place: Place | undefined): Shown {
    const file = embeddedFile(text, place);
    return file ? showFile(text, file) : takeText(text);
  }

  /** The object itself when nothing in it is a file: most are whole, and need no copy. */
  function takeIn(object: JsonObject, objectName?: string, outer?: JsonObject): JsonObject {
    let copy: Record<string, unknown> | undefined;
    for (const [name, value] of Object.entries(object)) {
      const shown = walk(value, { name, object, objectName, outer });
      if (shown === value) continue;
      copy ??= { ...object };
      copy[name] = shown;
    }
    return copy ?? object;
  }

  function takeFrom(list: readonly unknown[], place: Place | undefined): readonly unknown[] {
    const shown = list.map((item) => walk(item, place));
    return shown.every((item, index) => item === list[index]) ? list : shown;
  }

  function walk(value: unknown, place: Place | undefined): unknown {
    if (typeof value === "string") return takeString(value, place);
    if (Array.isArray(value)) return takeFrom(value, place);
    const object = asObject(value);
    if (!object) return value;
    const content = placeholderContent(object);
    if (content && isPlaceholder(object)) return show(content, object, "bytes");
    return takeIn(object, place?.name, place?.object);
  }

  return {
    take: (value) => walk(value, undefined),
    takeObject: (object) => takeIn(object),
    takeText,
    get media() {
      return [...media.values()];
    },
  };
}

function isPlaceholder(value: object): value is MediaPlaceholder {
  return "type" in value && value.type === "media" && "sha256" in value;
}
