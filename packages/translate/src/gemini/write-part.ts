/** Writes what a speaker says or shows: text, images, files and sound. */
import type { JsonObject } from "@sluice/wire";
import type { Part } from "../conversation.ts";
import type { Note } from "../format.ts";
import { writeSource } from "./media.ts";

/** The part, or none for what Gemini cannot take, with a note. */
export function writePart(part: Part, field: string, note: Note): readonly JsonObject[] {
  noteCache(part, field, note);
  switch (part.kind) {
    case "text":
    case "refusal":
      return part.text === "" ? [] : [{ text: part.text }];
    case "image":
    case "file":
    case "audio": {
      if (part.kind === "image" && part.detail !== undefined && part.detail !== "auto") {
        const reason = "Gemini sets the detail of images for the whole request.";
        note({ field: `${field}.detail`, reason, weight: "hint" });
      }
      if (part.kind === "file" && part.filename !== undefined) {
        note({ field: `${field}.filename`, reason: "Gemini takes no names of files.", weight: "hint" });
      }
      const written = writeSource(part.source);
      if (written) return [written];
      const reason = "Gemini takes content in base64, or from a URL that begins with https:, http: or gs:.";
      note({ field, reason, weight: "matters" });
      return [];
    }
    case "reasoning":
    case "tool_call":
    case "tool_result":
    default:
      note({ field, reason: `A ${part.kind} cannot stand here.`, weight: "matters" });
      return [];
  }
}

/** Notes a mark for the cache, which says nothing to Gemini. */
export function noteCache(part: Part, field: string, note: Note): void {
  if (!("cache" in part) || !part.cache) return;
  const reason = "Gemini caches prompts on its own; marks for the cache say nothing to it.";
  note({ field: `${field}.cache_control`, reason, weight: "hint" });
}

/** The id of a call, where it has one. */
export function idOf(id: string): JsonObject {
  return id === "" ? {} : { id };
}
