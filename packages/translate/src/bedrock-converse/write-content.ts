/** Writes the parts of a turn as content blocks. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Cacheable, Part } from "../conversation.ts";
import type { Note } from "../format.ts";
import { formatOf, type MediaKind, mediaTypeOfSource, writeSource } from "./media.ts";
import { type ModelFamily, takesCachePoints } from "./model-family.ts";
import { writeReasoning } from "./reasoning.ts";
import { writeToolId } from "./tool-ids.ts";

/** What one request's blocks have in common. */
export interface ContentWriter {
  /** The blocks of a part; none when the model cannot be told. `path` names it for notes. */
  write(part: Part, path: string): readonly JsonObject[];
  /** The end of a cached stretch; none where nothing is cached. */
  cachePoint(cacheable: Cacheable, path: string): readonly JsonObject[];
}

/** A tool that said nothing: Claude refuses empty text, in results too. */
const NO_OUTPUT = "(no output)";

/** A writer for one request. */
export function createContentWriter(family: ModelFamily, note: Note): ContentWriter {
  const names = new Set<string>();

  function leaveOut(
    field: string,
    reason: string,
    weight: "matters" | "hint" = "matters",
  ): readonly JsonObject[] {
    note({ field, reason, weight });
    return [];
  }

  function cachePoint({ cache }: Cacheable, path: string): readonly JsonObject[] {
    if (!cache) return [];
    const { ttl } = cache;
    if (takesCachePoints(family))
      return [{ cachePoint: { type: "default", ...(ttl !== undefined && { ttl }) } }];
    return leaveOut(`${path}.cache_control`, "The model caches nothing on request.", "hint");
  }

  function writeMedia(
    kind: MediaKind,
    part: Extract<Part, { source: unknown }>,
    path: string,
  ): readonly JsonObject[] {
    const source = writeSource(part.source);
    if (!source) {
      const reason =
        "Bedrock fetches nothing from the web, and knows no other provider's files: send the bytes.";
      return leaveOut(path, reason);
    }
    const mediaType = mediaTypeOfSource(part.source) ?? "of an unknown kind";
    const format = formatOf(kind, mediaType);
    if (format === undefined) return leaveOut(path, `Bedrock takes no ${kind} ${mediaType}.`);
    if (kind !== "document") return [{ [kind]: { format, source } }];
    return [{ document: { format, name: documentName(part, names), source } }];
  }

  function writePart(part: Part, path: string): readonly JsonObject[] {
    switch (part.kind) {
      case "text":
      case "refusal":
        if (part.text.trim() !== "") return [{ text: part.text }];
        // Bedrock refuses blank text, which says nothing anyway; only its cache mark does.
        return [];
      case "image":
        if (part.detail !== undefined && part.detail !== "auto") {
          leaveOut(`${path}.detail`, "Bedrock looks at every image alike.", "hint");
        }
        return writeMedia("image", part, path);
      case "file":
        return writeMedia(fileKind(mediaTypeOfSource(part.source)), part, path);
      case "audio":
        return writeMedia("audio", part, path);
      case "reasoning":
        return (
          writeReasoning(part, family) ??
          leaveOut(path, "The model reads only reasoning that was made for it.", "hint")
        );
      case "tool_call":
        if (part.signature !== undefined) {
          leaveOut(`${path}.signature`, "Only Gemini signs its tool calls.", "hint");
        }
        return [
          {
            toolUse: {
              toolUseId: writeToolId(part.id, family),
              name: part.name,
              input: writeInput(part.arguments, path, note),
            },
          },
        ];
      case "tool_result":
      default:
        return [writeResult(part, path), ...cachedInside(part, path)];
    }
  }

  function writeResult(part: Extract<Part, { kind: "tool_result" }>, path: string): JsonObject {
    const content = part.parts.flatMap((each, at) => writePart(each, `${path}.content[${at}]`));
    if (content.length === 0) {
      leaveOut(`${path}.content`, `Bedrock refuses empty results: "${NO_OUTPUT}" is sent instead.`, "hint");
    }
    return {
      toolResult: {
        toolUseId: writeToolId(part.callId, family),
        content: content.length > 0 ? content : [{ text: NO_OUTPUT }],
        ...(part.isError === true && { status: "error" }),
      },
    };
  }

  /** A result holds no cache points: what was to be cached inside it ends with it. */
  function cachedInside(part: Extract<Part, { kind: "tool_result" }>, path: string): readonly JsonObject[] {
    const inside = part.parts.findLast((each) => "cache" in each && each.cache !== undefined);
    return inside && "cache" in inside && !part.cache ? cachePoint(inside, path) : [];
  }

  function write(part: Part, path: string): readonly JsonObject[] {
    const blocks = writePart(part, path);
    return "cache" in part ? [...blocks, ...cachePoint(part, path)] : blocks;
  }

  return { write, cachePoint };
}

function fileKind(mediaType: string | undefined): MediaKind {
  const [kind] = mediaType?.split("/") ?? [];
  return kind === "image" || kind === "audio" || kind === "video" ? kind : "document";
}

/** A document needs a name of few characters, once only in a request (Amazon Bedrock API reference, "DocumentBlock"). */
function documentName(part: Part, taken: Set<string>): string {
  const filename = "filename" in part ? (part.filename ?? "") : "";
  const base =
    filename
      .replace(/\.[a-z0-9]{1,5}$/i, "")
      .replace(/[^a-zA-Z0-9\s\-()[\]]/g, "-")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 190) || "document";
  let name = base;
  for (let count = 2; taken.has(name); count += 1) name = `${base} ${count}`;
  taken.add(name);
  return name;
}

/** The arguments as an object, which every model wants. What is none stands in one, so that nothing is lost. */
function writeInput(text: string, path: string, note: Note): JsonObject {
  if (text.trim() === "") return {};
  const input = asObject(parseJson(text));
  if (input) return input;
  const reason =
    "The arguments are no JSON object: they are sent as the text that they are, in a field of that name.";
  note({ field: `${path}.arguments`, reason, weight: "hint" });
  return { arguments: text };
}
