/** Writes turns as the input items of a responses request. */
import type { JsonObject } from "@sluice/wire";
import type { Part, Source, Turn } from "../conversation.ts";
import type { Note } from "../format.ts";
import { audioFormat, writeUrl } from "../openai-chat/source.ts";

/** The items of all turns. */
export function writeItems(turns: readonly Turn[], note: Note): readonly JsonObject[] {
  return turns.flatMap((turn, at) => writeTurn(turn, `messages[${at}]`, note));
}

/** Calls, results and reasoning are items of their own; what stands between them is a message. */
function writeTurn({ role, parts, name }: Turn, path: string, note: Note): readonly JsonObject[] {
  const items: JsonObject[] = [];
  let content: JsonObject[] = [];
  if (name !== undefined) {
    note({ field: `${path}.name`, reason: "Responses have no names of speakers.", weight: "hint" });
  }
  const closeMessage = () => {
    if (content.length > 0) items.push({ type: "message", role, content });
    content = [];
  };
  parts.forEach((part, at) => {
    const partPath = `${path}.content[${at}]`;
    if ("cache" in part && part.cache) {
      note({
        field: `${partPath}.cache_control`,
        reason: "The provider caches by itself, without marks.",
        weight: "hint",
      });
    }
    const item = writeItem(part, partPath, note);
    if (item === "content") content.push(...writeContent(part, role === "assistant", partPath, note));
    else {
      closeMessage();
      items.push(...item);
    }
  });
  closeMessage();
  return items;
}

/** The part as an item of its own; `content` when it is a part of a message. */
function writeItem(part: Part, path: string, note: Note): readonly JsonObject[] | "content" {
  switch (part.kind) {
    case "reasoning": {
      const { id, text, encrypted, origin } = part;
      if (origin !== "openai-responses" || encrypted === undefined) {
        note({
          field: path,
          reason: "Only the provider that did this thinking can go on from it.",
          weight: "hint",
        });
        return [];
      }
      return [
        {
          type: "reasoning",
          ...(id !== undefined && { id }),
          summary: text === "" ? [] : [{ type: "summary_text", text }],
          encrypted_content: encrypted,
        },
      ];
    }
    case "tool_call":
      if (part.signature !== undefined) {
        note({
          field: `${path}.signature`,
          reason: "Only the provider that signed the call needs it.",
          weight: "hint",
        });
      }
      return [{ type: "function_call", call_id: part.id, name: part.name, arguments: part.arguments }];
    case "tool_result":
      if (part.isError) {
        note({
          field: `${path}.is_error`,
          reason: "A failed call is told by its output alone.",
          weight: "hint",
        });
      }
      return [
        { type: "function_call_output", call_id: part.callId, output: writeOutput(part.parts, path, note) },
      ];
    case "text":
    case "refusal":
    case "image":
    case "file":
    case "audio":
    default:
      return "content";
  }
}

/** A result of nothing but text is a text, which every server takes. */
function writeOutput(parts: readonly Part[], path: string, note: Note): string | readonly JsonObject[] {
  if (parts.every((part) => part.kind === "text")) return parts.map(({ text }) => text).join("");
  return parts.flatMap((part, at) => writeContent(part, false, `${path}.content[${at}]`, note));
}

function writeContent(part: Part, said: boolean, path: string, note: Note): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
      return [{ type: said ? "output_text" : "input_text", text: part.text }];
    case "refusal":
      return [{ type: "refusal", refusal: part.text }];
    case "image":
      if (said) break;
      return [
        {
          type: "input_image",
          ...imageSource(part.source),
          detail: part.detail ?? "auto",
        },
      ];
    case "file":
      if (said) break;
      return [writeFile(part.source, part.filename)];
    case "audio": {
      if (said || part.source.kind !== "base64") break;
      const { mediaType, data } = part.source;
      return [{ type: "input_audio", input_audio: { data, format: audioFormat(mediaType) } }];
    }
    case "reasoning":
    case "tool_call":
    case "tool_result":
      break;
  }
  note({
    field: path,
    reason: `Responses have no place for ${part.kind} here.`,
    weight: "matters",
  });
  return [];
}

function imageSource(source: Source): JsonObject {
  return source.kind === "file_id" ? { file_id: source.id } : { image_url: writeUrl(source) };
}

/** OpenAI asks for a name beside the data of a file. */
function writeFile(source: Source, filename: string | undefined): JsonObject {
  if (source.kind === "file_id") return { type: "input_file", file_id: source.id };
  if (source.kind === "url") return { type: "input_file", file_url: source.url };
  return { type: "input_file", filename: filename ?? "file", file_data: writeUrl(source) };
}
