/** Writes parts of a turn as the content of a chat message. */
import type { JsonObject } from "@sluice/wire";
import type { Cacheable, Part } from "../conversation.ts";
import type { Note } from "../format.ts";
import type { ChatDialect } from "./dialect.ts";
import { audioFormat, writeUrl } from "./source.ts";

/** What a message says, in the shortest form that holds it: nothing, a text, or a list of parts. */
export function writeContent(
  parts: readonly Part[],
  dialect: ChatDialect,
  path: string,
  note: Note,
): string | readonly JsonObject[] | null {
  const written = parts.flatMap((part, at) => writePart(part, dialect, `${path}.content[${at}]`, note));
  const [only] = written;
  if (!only) return null;
  const plain = written.length === 1 && only["type"] === "text" && Object.keys(only).length === 2;
  return plain ? String(only["text"]) : written;
}

function writePart(part: Part, dialect: ChatDialect, path: string, note: Note): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
      return [{ type: "text", text: part.text, ...writeCache(part, dialect, path, note) }];
    case "image": {
      const url = writeUrl(part.source);
      if (url === undefined) return leftOut(path, "Chat messages take no uploaded image by its id.", note);
      const detail = part.detail === undefined ? {} : { detail: part.detail };
      const image = { type: "image_url", image_url: { url, ...detail } };
      return [{ ...image, ...writeCache(part, dialect, path, note) }];
    }
    case "file":
      return writeFile(part, dialect, path, note);
    case "audio":
      if (part.source.kind !== "base64") {
        return leftOut(path, "Chat messages take sound in base64 only.", note);
      }
      return [
        {
          type: "input_audio",
          input_audio: { data: part.source.data, format: audioFormat(part.source.mediaType) },
        },
      ];
    case "reasoning":
    case "refusal":
    case "tool_call":
    case "tool_result":
      // These have fields or messages of their own.
      return [];
    default:
      return [];
  }
}

function writeFile(
  part: Part & { readonly kind: "file" },
  dialect: ChatDialect,
  path: string,
  note: Note,
): readonly JsonObject[] {
  const { source } = part;
  const cache = writeCache(part, dialect, path, note);
  // OpenAI takes PDFs; every model can read what is text.
  if (source.kind === "text") return [{ type: "text", text: source.text, ...cache }];
  if (source.kind === "url" && dialect.openAi) {
    return leftOut(path, "Chat messages take a file's content, not its URL.", note);
  }
  const named = part.filename === undefined ? {} : { filename: part.filename };
  const file = source.kind === "file_id" ? { file_id: source.id } : { file_data: writeUrl(source), ...named };
  // OpenAI refuses file_data without a name.
  const filename = source.kind === "base64" && part.filename === undefined ? { filename: "file.pdf" } : {};
  return [{ type: "file", file: { ...file, ...filename }, ...cache }];
}

/** `cache_control` where it is understood. Elsewhere the provider caches on its own. */
export function writeCache({ cache }: Cacheable, dialect: ChatDialect, path: string, note: Note): JsonObject {
  if (!cache) return {};
  if (dialect.cacheControl) return { cache_control: { type: "ephemeral", ...cache } };
  note({
    field: `${path}.cache_control`,
    reason: "The provider caches prompts on its own.",
    weight: "hint",
  });
  return {};
}

function leftOut(field: string, reason: string, note: Note): readonly JsonObject[] {
  note({ field, reason, weight: "matters" });
  return [];
}
