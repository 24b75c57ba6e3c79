/** Tells which members of a JSON body are files in base64, in the formats of every provider. */
import type { JsonObject } from "@sluice/wire";
import { plainType, typeOfContent, typeOfFormat } from "./media-types.ts";

/** A file that stands in a body as text. */
export interface EmbeddedFile {
  readonly base64: string;
  /** As it is declared, else as its first bytes tell it. */
  readonly mediaType: string;
  /** Langfuse's words for how it stood there. */
  readonly source: "base64_data_uri" | "bytes";
  readonly filename?: string;
}

/** Where a text stands: in an object under a name, and that object in another under its own. */
export interface Place {
  readonly name: string;
  readonly object: JsonObject;
  readonly objectName?: string | undefined;
  readonly outer?: JsonObject | undefined;
}

const UNKNOWN_TYPE = "application/octet-stream";
/** From this length on, a text that is base64 of a known kind of file is taken for one wherever it stands, characters. */
const MIN_UNDECLARED = 1_000;
const MAX_DATA_URI_HEAD = 300;

/**
 * Finds the content type of a member that holds base64; undefined where it holds something else. A member of the same name
 * may be a signature or encrypted thinking, so that each has to show by its neighbours what it is.
 */
type Declare = (place: Place, base64: string) => string | undefined;

const guessed: Declare = (_place, base64) => typeOfContent(base64) ?? UNKNOWN_TYPE;

const MEMBERS: Readonly<Record<string, Declare>> = {
  // Anthropic's `source`, Gemini's `inlineData`, MCP's and the AI SDK's parts; OpenAI's `input_audio` and `message.audio`.
  data: (place, base64) => {
    const { object, objectName } = place;
    if (object["type"] === "text") return undefined;
    const declared =
      plainType(object["media_type"]) ??
      plainType(object["mimeType"]) ??
      plainType(object["mime_type"]) ??
      plainType(object["mediaType"]);
    if (declared) return declared;
    const isAudio = objectName === "input_audio" || objectName === "audio";
    if (isAudio) return soundType(object["format"]) ?? guessed(place, base64);
    return object["type"] === "base64" ? guessed(place, base64) : undefined;
  },
  // Bedrock's image, document, video and audio blocks: `{format, source: {bytes}}`.
  bytes: (place, base64) =>
    place.objectName === "source" && place.outer?.["format"] !== undefined
      ? (typeOfFormat(place.outer["format"]) ?? guessed(place, base64))
      : undefined,
  // OpenAI's files, in chat and in responses.
  file_data: (place, base64) =>
    typeOfFormat(place.object["filename"]) ?? typeOfContent(base64) ?? UNKNOWN_TYPE,
  // OpenAI's images.
  b64_json: (place, base64) =>
    typeOfContent(base64) ??
    typeOfFormat(place.object["output_format"] ?? place.outer?.["output_format"]) ??
    UNKNOWN_TYPE,
  partial_image_b64: guessed,
  // The image that a response made.
  result: (place, base64) =>
    place.object["type"] === "image_generation_call"
      ? (typeOfContent(base64) ?? typeOfFormat(place.object["output_format"]) ?? UNKNOWN_TYPE)
      : undefined,
  // Vertex's predictions.
  bytesBase64Encoded: (place, base64) => plainType(place.object["mimeType"]) ?? guessed(place, base64),
};

/** The file that a text is as a whole, or undefined when it is none. */
export function embeddedFile(text: string, place: Place | undefined): EmbeddedFile | undefined {
  if (text.startsWith("data:")) return fromDataUri(text, place);
  const declare =
    place && Object.hasOwn(MEMBERS, place.name) && place.object[place.name] === text
      ? MEMBERS[place.name]
      : undefined;
  if (!place || !declare) return undeclared(text);
  if (text === "" || !isBase64(text)) return undefined;
  const mediaType = declare(place, text);
  if (mediaType === undefined) return undeclared(text);
  return { base64: text, mediaType, source: "bytes", ...filenameIn(place) };
}

/** `data:image/png;base64,…` (RFC 2397). */
function fromDataUri(text: string, place: Place | undefined): EmbeddedFile | undefined {
  const comma = text.slice(0, MAX_DATA_URI_HEAD).indexOf(",");
  const head = text.slice("data:".length, Math.max(comma, 0));
  if (comma < 0 || !/;base64$/i.test(head)) return undefined;
  const base64 = text.slice(comma + 1);
  if (!isBase64(base64)) return undefined;
  const mediaType = plainType(head) ?? typeOfContent(base64) ?? UNKNOWN_TYPE;
  return { base64, mediaType, source: "base64_data_uri", ...(place && filenameIn(place)) };
}

function undeclared(text: string): EmbeddedFile | undefined {
  if (text.length < MIN_UNDECLARED) return undefined;
  const mediaType = typeOfContent(text);
  return mediaType !== undefined && isBase64(text) ? { base64: text, mediaType, source: "bytes" } : undefined;
}

/** Both alphabets of RFC 4648, with line breaks, with padding or without. Linear in the text's length. */
function isBase64(text: string): boolean {
  return !/[^A-Za-z0-9+/_=\r\n-]/.test(text);
}

/** OpenAI's `webm` of a sound is no film. */
function soundType(format: unknown): string | undefined {
  return typeOfFormat(format)?.replace(/^video\//, "audio/");
}

/** OpenAI and the AI SDK write the file's name beside it; Bedrock writes a document's name beside its `source`. */
function filenameIn({ object, outer }: Place): { readonly filename?: string } {
  const filename = object["filename"] ?? object["name"] ?? outer?.["name"];
  return typeof filename === "string" && filename !== "" ? { filename } : {};
}
