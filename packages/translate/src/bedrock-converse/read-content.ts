/** Reads the content blocks of a caller's message as parts. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Cacheable, Part, ToolCall } from "../conversation.ts";
import { MalformedRequestError, type Note } from "../format.ts";
import { type MediaKind, readSource } from "./media.ts";
import { isCallSignature, readReasoning } from "./reasoning.ts";

const MEDIA: readonly MediaKind[] = ["image", "document", "audio", "video"];

/** The parts of a content. A `cachePoint` becomes the mark of the part before it. `path` names the content. */
export function readContent(content: unknown, path: string, note: Note): readonly Part[] {
  if (!Array.isArray(content)) {
    throw new MalformedRequestError(path, `${path} has to be a list of content blocks.`);
  }
  const parts: Part[] = [];
  asList(content).forEach((item, at) => {
    const block = asObject(item);
    const blockPath = `${path}[${at}]`;
    if (!block) throw new MalformedRequestError(blockPath, `${blockPath} has to be an object.`);
    const point = asObject(block["cachePoint"]);
    if (!point) {
      parts.push(...readBlock(block, blockPath, note));
      return;
    }
    const last = parts.at(-1);
    if (last && last.kind !== "reasoning" && last.kind !== "refusal")
      parts[parts.length - 1] = { ...last, ...readCachePoint(point) };
    else
      note({ field: blockPath, reason: "There is nothing before it that could be cached.", weight: "hint" });
  });
  return withCallSignatures(parts);
}

/** A tool call with the signature that was written before it, as a block of its own. */
function withCallSignatures(parts: readonly Part[]): readonly Part[] {
  return parts.flatMap((part, at) => {
    const [before, after] = [parts[at - 1], parts[at + 1]];
    if (part.kind === "reasoning" && isCallSignature(part) && after?.kind === "tool_call") return [];
    if (part.kind !== "tool_call" || before?.kind !== "reasoning" || !isCallSignature(before)) return [part];
    const { signature } = before;
    return [{ ...part, ...(signature !== undefined && { signature }) }];
  });
}

/** The mark that a `cachePoint` stands for. */
export function readCachePoint(point: JsonObject): Cacheable {
  const ttl = point["ttl"];
  return { cache: ttl === "5m" || ttl === "1h" ? { ttl } : {} };
}

function readBlock(block: JsonObject, path: string, note: Note): readonly Part[] {
  if (typeof block["text"] === "string") return [{ kind: "text", text: block["text"] }];
  for (const kind of MEDIA) {
    const media = asObject(block[kind]);
    if (media) return readMedia(kind, media, `${path}.${kind}`, note);
  }
  const reasoning = asObject(block["reasoningContent"]);
  if (reasoning) return [readReasoning(reasoning) ?? []].flat();
  const toolUse = asObject(block["toolUse"]);
  if (toolUse && toolUse["type"] !== "server_tool_use") return [readToolCall(toolUse, `${path}.toolUse`)];
  const toolResult = asObject(block["toolResult"]);
  if (toolResult && toolResult["type"] === undefined)
    return [readResult(toolResult, `${path}.toolResult`, note)];
  const cited = asObject(block["citationsContent"]);
  if (cited) {
    note({
      field: `${path}.citationsContent.citations`,
      reason: "Other formats take back no citations.",
      weight: "hint",
    });
    return asList(cited["content"]).map((piece) => ({
      kind: "text",
      text: asText(asObject(piece)?.["text"]) ?? "",
    }));
  }
  const guarded = asObject(block["guardContent"]);
  if (guarded) {
    note({
      field: `${path}.guardContent`,
      reason: "Only Bedrock has guardrails for a part of the content.",
      weight: "matters",
    });
    const inner = asObject(guarded["text"]);
    return readBlock({ ...guarded, ...(inner && { text: inner["text"] }) }, path, note);
  }
  const [name = "nothing"] = Object.keys(block);
  note({
    field: `${path}.${name}`,
    reason: `Only Bedrock knows content blocks of ${name}.`,
    weight: "matters",
  });
  return [];
}

function readMedia(kind: MediaKind, media: JsonObject, path: string, note: Note): readonly Part[] {
  const source = readSource(kind, media);
  if (!source) {
    note({ field: `${path}.source`, reason: "Other formats know no such source.", weight: "matters" });
    return [];
  }
  if (kind === "image") return [{ kind: "image", source }];
  if (kind === "audio") return [{ kind: "audio", source }];
  for (const field of ["context", "citations"]) {
    if (media[field] !== undefined) {
      note({
        field: `${path}.${field}`,
        reason: `Other formats know no ${field} of a document.`,
        weight: "matters",
      });
    }
  }
  const name = asText(media["name"]);
  const ending = asText(media["format"]);
  const filename = name !== undefined && ending !== undefined ? `${name}.${ending}` : name;
  return [{ kind: "file", source, ...(filename !== undefined && { filename }) }];
}

/** Reads a `toolUse` of the caller's own tools. */
export function readToolCall(toolUse: JsonObject, path: string): ToolCall {
  const name = asText(toolUse["name"]);
  if (name === undefined)
    throw new MalformedRequestError(`${path}.name`, `${path}.name has to name the tool.`);
  const input = toolUse["input"];
  return {
    kind: "tool_call",
    id: asText(toolUse["toolUseId"]) ?? "",
    name,
    arguments: typeof input === "string" ? input : JSON.stringify(input ?? {}),
  };
}

/** JSON results become text, which every other format has. */
function readResult(result: JsonObject, path: string, note: Note): Part {
  const callId = asText(result["toolUseId"]);
  if (callId === undefined) {
    throw new MalformedRequestError(`${path}.toolUseId`, `${path}.toolUseId has to name the call.`);
  }
  const parts = asList(result["content"]).flatMap((item, at) => {
    const block = asObject(item) ?? {};
    if ("json" in block) return [{ kind: "text", text: JSON.stringify(block["json"]) } as const];
    return readBlock(block, `${path}.content[${at}]`, note);
  });
  return { kind: "tool_result", callId, parts, ...(result["status"] === "error" && { isError: true }) };
}
