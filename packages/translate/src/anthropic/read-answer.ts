/** Reads a whole message. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Block, ModelAnswer } from "../answer.ts";
import { readCitation } from "./citations.ts";
import { readFinish, refusalOf } from "./finish.ts";
import { readThinking } from "./thinking.ts";
import { readServiceTier, readUsage } from "./usage.ts";

/** The answer; undefined when the body is no message. */
export function readAnswer(body: unknown): ModelAnswer | undefined {
  const message = asObject(body);
  if (!message || !Array.isArray(message["content"])) return undefined;
  const refusal = refusalOf(message);
  const content = asList(message["content"]).flatMap((item) => {
    const block = asObject(item);
    return block ? [readBlock(block)] : [];
  });
  const rawUsage = asObject(message["usage"]);
  const usage = rawUsage && readUsage(rawUsage);
  const finish = readFinish(message);
  return {
    ...readHead(message),
    blocks: [...content, ...(refusal === undefined ? [] : [{ kind: "refusal", text: refusal } as const])],
    ...(finish && { finish }),
    ...(usage && { usage }),
  };
}

/** What a message says of itself. */
export function readHead(message: JsonObject): Pick<ModelAnswer, "id" | "model" | "serviceTier"> {
  const id = asText(message["id"]);
  const model = asText(message["model"]);
  const serviceTier = readServiceTier(asObject(message["usage"])?.["service_tier"]);
  return {
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
}

/** A block of the content. What Anthropic's own tools did is `server_tool`, and so is every block that is new. */
export function readBlock(block: JsonObject): Block {
  const thinking = readThinking(block);
  if (thinking) return thinking;
  switch (block["type"]) {
    case "text": {
      const citations = asList(block["citations"]).flatMap((item) => {
        const citation = asObject(item);
        return citation ? [readCitation(citation)] : [];
      });
      return { kind: "text", text: asText(block["text"]) ?? "", ...(citations.length > 0 && { citations }) };
    }
    case "tool_use":
      return {
        kind: "tool_call",
        id: asText(block["id"]) ?? "",
        name: asText(block["name"]) ?? "",
        arguments: inputText(block["input"]),
      };
    default:
      return { kind: "server_tool", raw: block };
  }
}

/** The input of a tool as JSON text; `{}` for none. */
export function inputText(input: unknown): string {
  if (input === undefined || input === null || input === "") return "{}";
  return typeof input === "string" ? input : JSON.stringify(input);
}
