/** Reads the content of a message or of a tool's output: a text, or a list of parts. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Part, Source } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { audioMediaType, readUrl } from "../openai-chat/source.ts";

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
  const part = asObject(item);
  if (!part) throw new MalformedRequestError(path, `${path} has to be an object with a type.`);
  switch (part["type"]) {
    case "input_text":
    case "output_text":
    case "text":
      if (typeof part["text"] !== "string") {
        throw new MalformedRequestError(`${path}.text`, `${path}.text has to be a text.`);
      }
      return [{ kind: "text", text: part["text"] }];
    case "refusal":
      return [{ kind: "refusal", text: asText(part["refusal"]) ?? "" }];
    case "input_image":
      return [readImage(part, path)];
    case "input_file":
      return [readFile(part, path)];
    case "input_audio":
      return [readAudio(asObject(part["input_audio"]), path)];
    default:
      note({
        field: path,
        reason: `Only its own provider knows the content type ${JSON.stringify(part["type"] ?? null)}.`,
        weight: "matters",
      });
      return [];
  }
}

function readImage(part: JsonObject, path: string): Part {
  const url = asText(part["image_url"]) ?? asText(asObject(part["image_url"])?.["url"]);
  const id = asText(part["file_id"]);
  const detail = asText(part["detail"]);
  const source = url === undefined ? fileId(id) : readUrl(url);
  if (!source) {
    throw new MalformedRequestError(`${path}.image_url`, `${path} needs image_url or file_id.`);
  }
  return { kind: "image", source, ...(detail !== undefined && { detail }) };
}

/** `file_data` is a data URL; bare base64 is taken for a PDF, the only kind of file that OpenAI took at first. */
function readFile(part: JsonObject, path: string): Part {
  const data = asText(part["file_data"]);
  const url = asText(part["file_url"]);
  const filename = asText(part["filename"]);
  const source =
    data === undefined
      ? url === undefined
        ? fileId(asText(part["file_id"]))
        : readUrl(url)
      : readData(data);
  if (!source) {
    throw new MalformedRequestError(`${path}.file_data`, `${path} needs file_data, file_url or file_id.`);
  }
  return { kind: "file", source, ...(filename !== undefined && { filename }) };
}

function readData(data: string): Source {
  return /^data:/i.test(data) ? readUrl(data) : { kind: "base64", mediaType: "application/pdf", data };
}

function fileId(id: string | undefined): Source | undefined {
  return id === undefined ? undefined : { kind: "file_id", id };
}

function readAudio(audio: JsonObject | undefined, path: string): Part {
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
