/** Reads the content of a turn: a text, or a list of blocks. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Cacheable, Part, Source } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { isCallSignature, readThinking } from "./thinking.ts";

/** The parts of a message's, a system prompt's or a tool result's content. */
export function readContent(content: unknown, path: string, note: Note): readonly Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  if (!Array.isArray(content)) {
    throw new MalformedRequestError(path, `${path} has to be a text or a list of blocks.`);
  }
  return withCallSignatures(content.flatMap((item, at) => readBlock(item, `${path}[${at}]`, note)));
}

/** Puts signatures that stand in blocks of their own back on their tool calls: the next one, else the one before. */
function withCallSignatures(parts: readonly Part[]): readonly Part[] {
  const signed: Part[] = [];
  let waiting: string | undefined;
  for (const part of parts) {
    if (part.kind === "reasoning" && isCallSignature(part)) {
      waiting = part.signature;
      continue;
    }
    if (part.kind === "tool_call" && waiting !== undefined) {
      signed.push({ ...part, signature: waiting });
      waiting = undefined;
    } else signed.push(part);
  }
  const last = signed.at(-1);
  if (waiting !== undefined && last?.kind === "tool_call") {
    signed[signed.length - 1] = { ...last, signature: waiting };
  }
  return signed;
}

function readBlock(item: unknown, path: string, note: Note): readonly Part[] {
  const block = asObject(item);
  const type = asText(block?.["type"]);
  if (!block || type === undefined) {
    throw new MalformedRequestError(`${path}.type`, `${path} has to be a block with a type.`);
  }
  const thinking = readThinking(block);
  if (thinking) return [thinking];
  switch (type) {
    case "text":
      return readText(block, path, note);
    case "image":
      return [{ kind: "image", source: readSource(block, path), ...readCache(block) }];
    case "document":
      return [readDocument(block, path, note)];
    case "search_result":
      return [readSearchResult(block, path, note)];
    case "tool_use":
      return [
        {
          kind: "tool_call",
          id: needed(block, "id", path),
          name: needed(block, "name", path),
          arguments: JSON.stringify(block["input"] ?? {}),
          ...readCache(block),
        },
      ];
    case "tool_result":
      return [
        {
          kind: "tool_result",
          callId: needed(block, "tool_use_id", path),
          parts: readContent(block["content"] ?? "", `${path}.content`, note),
          ...(block["is_error"] === true && { isError: true }),
          ...readCache(block),
        },
      ];
    case "compaction":
      note({ field: path, reason: "The summary of a compaction is sent as a text.", weight: "hint" });
      return readText({ ...block, text: asText(block["content"]) ?? "" }, path, note);
    case "fallback":
      note({ field: path, reason: "Only Anthropic knows which of its models took over.", weight: "hint" });
      return [];
    default:
      note({ field: path, reason: `Only Anthropic reads blocks of type ${type}.`, weight: "matters" });
      return [];
  }
}

function readText(block: JsonObject, path: string, note: Note): readonly Part[] {
  const text = block["text"];
  if (typeof text !== "string") {
    throw new MalformedRequestError(`${path}.text`, `${path}.text has to be a text.`);
  }
  if (asList(block["citations"]).length > 0) {
    note({
      field: `${path}.citations`,
      reason: "Citations of an earlier turn are not repeated.",
      weight: "hint",
    });
  }
  return text === "" ? [] : [{ kind: "text", text, ...readCache(block) }];
}

function readDocument(block: JsonObject, path: string, note: Note): Part {
  const filename = asText(block["title"]);
  const context = asText(block["context"]);
  if (asObject(block["citations"])?.["enabled"] === true) {
    const reason = "Only Anthropic cites the documents that it is given.";
    note({ field: `${path}.citations`, reason, weight: "matters" });
  }
  if (context !== undefined) {
    const reason = "Only Anthropic takes a context beside a document; put it into a text.";
    note({ field: `${path}.context`, reason, weight: "matters" });
  }
  return {
    kind: "file",
    source: readSource(block, path),
    ...(filename !== undefined && { filename }),
    ...readCache(block),
  };
}

/** A result of the caller's own search is a text with a title. */
function readSearchResult(block: JsonObject, path: string, note: Note): Part {
  const source = asText(block["source"]);
  const filename = asText(block["title"]) ?? source;
  note({
    field: path,
    reason: "A search result is sent as a text file; only Anthropic cites it.",
    weight: "hint",
  });
  const text =
    source === undefined ? textOf(block["content"]) : `Source: ${source}\n\n${textOf(block["content"])}`;
  return {
    kind: "file",
    source: { kind: "text", mediaType: "text/plain", text },
    ...(filename !== undefined && { filename }),
    ...readCache(block),
  };
}

function readSource(block: JsonObject, path: string): Source {
  const source = asObject(block["source"]);
  const mediaType = asText(source?.["media_type"]);
  switch (source?.["type"]) {
    case "base64":
      return {
        kind: "base64",
        mediaType: mediaType ?? (block["type"] === "document" ? "application/pdf" : "image/png"),
        data: needed(source, "data", `${path}.source`),
      };
    case "url":
      return { kind: "url", url: needed(source, "url", `${path}.source`) };
    case "file":
      return { kind: "file_id", id: needed(source, "file_id", `${path}.source`) };
    case "text":
      return { kind: "text", mediaType: mediaType ?? "text/plain", text: asText(source["data"]) ?? "" };
    case "content":
      return { kind: "text", mediaType: "text/plain", text: textOf(source["content"]) };
    default:
      throw new MalformedRequestError(
        `${path}.source.type`,
        `${path}.source.type has to be base64, url, file, text or content.`,
      );
  }
}

/** The texts of a content that holds little else. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return asList(content)
    .map((item) => asText(asObject(item)?.["text"]) ?? "")
    .join("\n");
}

function needed(object: JsonObject, field: string, path: string): string {
  const text = asText(object[field]);
  if (text === undefined) {
    throw new MalformedRequestError(
      `${path}.${field}`,
      `${path}.${field} has to be a text that is not empty.`,
    );
  }
  return text;
}

/** The end of a stretch to cache. */
export function readCache(object: JsonObject): Cacheable {
  const control = asObject(object["cache_control"]);
  if (control?.["type"] !== "ephemeral") return {};
  const ttl = control["ttl"];
  return { cache: ttl === "1h" || ttl === "5m" ? { ttl } : {} };
}
