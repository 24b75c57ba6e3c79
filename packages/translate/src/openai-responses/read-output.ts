/** Reads what a response says as a whole, and its output items as blocks. */
import {
  argumentText,
  asCount,
  asList,
  asObject,
  asText,
  countWebSearches,
  type JsonObject,
  readChatUsage,
} from "@sluice/wire";
import type { AnswerUsage, Block, Finish, ModelAnswer } from "../answer.ts";
import { readCitation } from "./citations.ts";
import { customInputAsArguments } from "./custom-tool.ts";
import { readReasoning } from "./reasoning.ts";

/** The head of a response. */
export function readHead(
  response: JsonObject,
): Pick<ModelAnswer, "id" | "model" | "createdAtS" | "serviceTier"> {
  const id = asText(response["id"]);
  const model = asText(response["model"]);
  const createdAtS = asCount(response["created_at"]) || undefined;
  const serviceTier = asText(response["service_tier"]);
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(createdAtS !== undefined && { createdAtS }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}

/** The blocks of an item: one for each part of a message, else one. None for a reasoning item that only holds a signature. */
export function readItem(item: JsonObject): readonly Block[] {
  switch (item["type"]) {
    case "message":
      return typeof item["content"] === "string"
        ? [{ kind: "text", text: item["content"] }]
        : asList(item["content"]).map(readPart);
    case "reasoning": {
      const reasoning = readReasoning(item);
      return reasoning ? [reasoning] : [];
    }
    case "function_call":
    case "custom_tool_call": {
      const custom = item["type"] === "custom_tool_call";
      const text = custom
        ? customInputAsArguments(asText(item["input"]) ?? "")
        : argumentText(item["arguments"]);
      return [
        {
          kind: "tool_call",
          id: asText(item["call_id"]) ?? asText(item["id"]) ?? "",
          name: asText(item["name"]) ?? "",
          arguments: text.trim() === "" ? "{}" : text,
        },
      ];
    }
    case "image_generation_call": {
      const data = asText(item["result"]);
      if (data === undefined) return [{ kind: "server_tool", raw: item }];
      const mediaType = `image/${asText(item["output_format"]) ?? "png"}`;
      return [{ kind: "image", source: { kind: "base64", mediaType, data } }];
    }
    default:
      return [{ kind: "server_tool", raw: item }];
  }
}

/** A part of a message; one of an unknown type is kept as it is. */
export function readPart(value: unknown): Block {
  const part = asObject(value) ?? {};
  if (part["type"] === "refusal") return { kind: "refusal", text: asText(part["refusal"]) ?? "" };
  const text = part["text"];
  if (typeof text !== "string") return { kind: "server_tool", raw: part };
  const citations = asList(part["annotations"]).flatMap(readCitation);
  return { kind: "text", text, ...(citations.length > 0 && { citations }) };
}

/** Why the model stopped. Undefined while it has not. `blocks`: the answer's, since the status says nothing of calls. */
export function readFinish(response: JsonObject, blocks: Iterable<Block["kind"]>): Finish | undefined {
  const status = asText(response["status"]);
  if (status === undefined || status === "in_progress" || status === "queued") return undefined;
  if (status === "incomplete") {
    const raw = asText(asObject(response["incomplete_details"])?.["reason"]) ?? status;
    if (raw === "max_output_tokens" || raw === "max_tokens") return { reason: "length", raw };
    return { reason: raw === "content_filter" ? "content_filter" : "other", raw };
  }
  if (status !== "completed") return { reason: "other", raw: status };
  const kinds = new Set(blocks);
  if (kinds.has("tool_call")) return { reason: "tool_calls", raw: status };
  return { reason: kinds.has("refusal") ? "refusal" : "stop", raw: status };
}

/** The usage, with the searches that are billed apart; undefined when the response tells none. */
export function readUsage(response: JsonObject): AnswerUsage | undefined {
  const raw = asObject(response["usage"]);
  const usage = raw && readChatUsage(raw);
  if (!usage) return undefined;
  const webSearches = countWebSearches(asList(response["output"]));
  return { ...usage, ...(webSearches > 0 && { webSearches }) };
}
