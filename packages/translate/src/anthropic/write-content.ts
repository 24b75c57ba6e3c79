/** Writes parts of a turn as content blocks. */
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import type { Cacheable, Part, Source } from "../conversation.ts";
import type { Note } from "../format.ts";

/** Gives tool calls ids that Anthropic takes, the same one for a call and its result. */
export type CallIds = (id: string) => string;

type FilePart = Extract<Part, { kind: "file" }>;
type ImagePart = Extract<Part, { kind: "image" }>;
type ToolResultPart = Extract<Part, { kind: "tool_result" }>;

/** Ids by Anthropic's rule (`^[a-zA-Z0-9_-]+$`); two that differ stay different. */
export function createCallIds(): CallIds {
  const given = new Map<string, string>();
  const taken = new Set<string>();
  return (id) => {
    const known = given.get(id);
    if (known !== undefined) return known;
    const plain = id.replace(/[^a-zA-Z0-9_-]/g, "_") || "toolu_0";
    let free = plain;
    for (let next = 2; taken.has(free); next += 1) free = `${plain}_${next}`;
    given.set(id, free);
    taken.add(free);
    return free;
  };
}

/** The block of a part; none for what Anthropic cannot be told, which is noted, and for an empty text, which it refuses. */
export function writePart(part: Part, path: string, callIds: CallIds, note: Note): readonly JsonObject[] {
  switch (part.kind) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text, ...writeCache(part) }];
    case "refusal":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image":
      return writeImage(part, path, note);
    case "file":
      return writeFile(part, path, note);
    case "audio":
      note({ field: `${path}.audio`, reason: "Anthropic's models take no sound.", weight: "matters" });
      return [];
    case "reasoning": {
      const { text, signature, encrypted, origin } = part;
      if (origin === "anthropic-messages" && encrypted !== undefined && text === "") {
        return [{ type: "redacted_thinking", data: encrypted }];
      }
      if (origin === "anthropic-messages" && signature !== undefined) {
        return [{ type: "thinking", thinking: text, signature }];
      }
      const reason = "Thinking without a signature of Anthropic's is refused by it, so it is left out.";
      note({ field: `${path}.reasoning`, reason, weight: "hint" });
      return [];
    }
    case "tool_call": {
      if (part.signature !== undefined) {
        note({
          field: `${path}.signature`,
          reason: "Only Gemini reads its thought signatures.",
          weight: "hint",
        });
      }
      const input = readInput(part.arguments, path, note);
      return [{ type: "tool_use", id: callIds(part.id), name: part.name, input, ...writeCache(part) }];
    }
    case "tool_result":
    default:
      return [writeToolResult(part, path, callIds, note)];
  }
}

/** Anthropic takes an object alone. Models have been seen to write nothing, and broken JSON. */
function readInput(text: string, path: string, note: Note): JsonObject {
  if (text.trim() === "") return {};
  const input = asObject(parseJson(text));
  if (input) return input;
  const reason = "The arguments are no JSON object, so they are sent as the text in one field, arguments.";
  note({ field: `${path}.arguments`, reason, weight: "hint" });
  return { arguments: text };
}

function writeToolResult(part: ToolResultPart, path: string, callIds: CallIds, note: Note): JsonObject {
  const content = part.parts.flatMap((inner, at) =>
    writePart(inner, `${path}.content[${at}]`, callIds, note),
  );
  const [only] = content;
  const isText = content.length === 1 && only?.["type"] === "text" && only["cache_control"] === undefined;
  return {
    type: "tool_result",
    tool_use_id: callIds(part.callId),
    content: isText ? only["text"] : content,
    ...(part.isError && { is_error: true }),
    ...writeCache(part),
  };
}

function writeImage(part: ImagePart, path: string, note: Note): readonly JsonObject[] {
  if (part.detail !== undefined && part.detail !== "auto") {
    note({ field: `${path}.detail`, reason: "Anthropic chooses an image's detail itself.", weight: "hint" });
  }
  const source = writeSource(part.source);
  return [{ type: "image", source, ...writeCache(part) }];
}

/** Anthropic reads PDF and plain text; images are blocks of their own. */
function writeFile(part: FilePart, path: string, note: Note): readonly JsonObject[] {
  const { source, filename } = part;
  const mediaType = "mediaType" in source ? (source.mediaType?.replace(/;.*$/, "") ?? "") : "";
  if (mediaType.startsWith("image/")) return writeImage({ ...part, kind: "image" }, path, note);
  const isKnown = source.kind !== "base64" || mediaType === "application/pdf" || isText(mediaType);
  if (!isKnown) {
    const reason = `Anthropic's models read no files of type ${mediaType}, only PDF, text and images.`;
    note({ field: `${path}.file`, reason, weight: "matters" });
    return [];
  }
  return [
    {
      type: "document",
      source: writeSource(source),
      ...(filename !== undefined && { title: filename }),
      ...writeCache(part),
    },
  ];
}

function isText(mediaType: string): boolean {
  return (
    mediaType.startsWith("text/") || /^application\/(?:json|xml|yaml|x-yaml|javascript)$/.test(mediaType)
  );
}

function writeSource(source: Source): JsonObject {
  switch (source.kind) {
    case "base64":
      return isText(source.mediaType.replace(/;.*$/, ""))
        ? textSource(Buffer.from(source.data, "base64").toString("utf8"))
        : { type: "base64", media_type: source.mediaType, data: source.data };
    case "url":
      return { type: "url", url: source.url };
    case "file_id":
      return { type: "file", file_id: source.id };
    case "text":
    default:
      return textSource(source.text);
  }
}

function textSource(data: string): JsonObject {
  return { type: "text", media_type: "text/plain", data };
}

/** The end of a stretch to cache. */
export function writeCache({ cache }: Cacheable): JsonObject {
  if (!cache) return {};
  return { cache_control: { type: "ephemeral", ...(cache.ttl !== undefined && { ttl: cache.ttl }) } };
}
