/** Reads the content of a chat message: a text, or a list of parts. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Cacheable, Part } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { audioMediaType, readUrl } from "./source.ts";

/** The parts of a content; none for null. `path` names the content for notes and errors. */
export function readContent(content: unknown, path: string, note: Note): readonly Part[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  if (!Array.isArray(content)) {
    throw new MalformedRequestError(path, `${path} has to be a text or a list of parts.`);
  }
  return asList(content).flatMap((item, at) => readPart(item, `${path}[${at}]`, note));
}

function readPart(item: unknown, path: string, note: Note): readonly Part[] {
  if (typeof item === "string") return [{ kind: "text", text: item }];
  const part = asObject(item);
  if (!part) throw new MalformedRequestError(path, `${path} has to be an object with a type.`);
  const cache = readCache(part);
  switch (part["type"]) {
    case "text":
    case "input_text":
    case "output_text":
      if (typeof part["text"] !== "string") {
        throw new MalformedRequestError(`${path}.text`, `${path}.text has to be a text.`);
      }
      return [{ kind: "text", text: part["text"], ...cache }];
    case "refusal":
      return [{ kind: "refusal", text: asText(part["refusal"]) ?? "" }];
    case "image_url":
      return [{ ...readImage(part["image_url"], path), ...cache }];
    case "input_audio":
      return [{ ...readAudio(part["input_audio"], path), ...cache }];
    case "file":
      return [{ ...readFile(part["file"], path), ...cache }];
    case "thinking": {
      // Mistral's thinking, sent back with the next turn.
      const text = thinkingText(part["thinking"]);
      return text === "" ? [] : [{ kind: "reasoning", text, origin: "openai-chat" }];
    }
    default:
      note({
        field: path,
        reason: `Only its own provider knows the content type ${JSON.stringify(part["type"] ?? null)}.`,
        weight: "matters",
      });
      return [];
  }
}

/** `image_url` is an object; some clients send the URL itself. */
function readImage(value: unknown, path: string): Part {
  const image = asObject(value);
  const url = asText(value) ?? asText(image?.["url"]);
  if (url === undefined) {
    throw new MalformedRequestError(`${path}.image_url.url`, `${path}.image_url.url has to be a URL.`);
  }
  const detail = asText(image?.["detail"]);
  return { kind: "image", source: readUrl(url), ...(detail !== undefined && { detail }) };
}

function readAudio(value: unknown, path: string): Part {
  const audio = asObject(value);
  const data = asText(audio?.["data"]);
  if (data === undefined) {
    throw new MalformedRequestError(
      `${path}.input_audio.data`,
      `${path}.input_audio.data has to be the sound in base64.`,
    );
  }
  const mediaType = audioMediaType(asText(audio?.["format"]) ?? "wav");
  return { kind: "audio", source: { kind: "base64", mediaType, data } };
}

/** `file_data` is a data URL; a plain http URL there is OpenRouter's way. */
function readFile(value: unknown, path: string): Part {
  const file = asObject(value);
  const data = asText(file?.["file_data"]);
  const id = asText(file?.["file_id"]);
  const filename = asText(file?.["filename"]);
  if (data === undefined && id === undefined) {
    throw new MalformedRequestError(`${path}.file`, `${path}.file needs file_data or file_id.`);
  }
  return {
    kind: "file",
    source: data === undefined ? { kind: "file_id", id: id ?? "" } : readFileData(data),
    ...(filename !== undefined && { filename }),
  };
}

/** Bare base64, without the head of a data URL, is taken for a PDF, the only kind of file that OpenAI takes. */
function readFileData(data: string) {
  return /^(?:data:|https?:)/i.test(data)
    ? readUrl(data)
    : ({ kind: "base64", mediaType: "application/pdf", data } as const);
}

/** Anthropic's `cache_control`, which OpenRouter and LiteLLM take on parts, messages and tools. */
export function readCache(object: JsonObject): Cacheable {
  const control = asObject(object["cache_control"]);
  if (control?.["type"] !== "ephemeral") return {};
  const ttl = control["ttl"];
  return { cache: ttl === "1h" || ttl === "5m" ? { ttl } : {} };
}

/** The text of Mistral's thinking part: a text, or a list of text parts. */
export function thinkingText(thinking: unknown): string {
  if (typeof thinking === "string") return thinking;
  return asList(thinking)
    .map((part) => asText(asObject(part)?.["text"]) ?? "")
    .join("");
}
