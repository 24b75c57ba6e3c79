/** Reads a whole answer of Converse's. */
import { asList, asObject, asText, type JsonObject } from "@sluice/wire";
import type { Block, ModelAnswer } from "../answer.ts";
import { readCitation } from "./citations.ts";
import { readFinish } from "./finish.ts";
import { readSource } from "./media.ts";
import { readReasoning } from "./reasoning.ts";
import { readUsage } from "./usage.ts";

/** The answer; undefined when the body is none of Converse's. */
export function readAnswer(body: unknown): ModelAnswer | undefined {
  const answer = asObject(body);
  const message = asObject(asObject(answer?.["output"])?.["message"]);
  if (!answer || !message) return undefined;
  const finish = readFinish(answer);
  const usage = readUsage(asObject(answer["usage"]) ?? {});
  return {
    ...readHead(answer),
    blocks: asList(message["content"]).flatMap((item) => readBlock(asObject(item) ?? {})),
    ...(finish && { finish }),
    ...(usage && { usage }),
  };
}

/** What an answer, or the `metadata` of a stream, says of the call. Only a prompt router tells which model it chose. */
export function readHead(fields: JsonObject): Pick<ModelAnswer, "model" | "serviceTier"> {
  const model = asText(asObject(asObject(fields["trace"])?.["promptRouter"])?.["invokedModelId"]);
  const serviceTier = asText(asObject(fields["serviceTier"])?.["type"]);
  return { ...(model !== undefined && { model }), ...(serviceTier !== undefined && { serviceTier }) };
}

/** The pieces of an answer that a content block is; none for one that says nothing. */
export function readBlock(block: JsonObject): readonly Block[] {
  const text = asText(block["text"]);
  if (text !== undefined) return [{ kind: "text", text }];
  const cited = asObject(block["citationsContent"]);
  if (cited) {
    const words = asList(cited["content"]).map((piece) => asText(asObject(piece)?.["text"]) ?? "");
    const citations = asList(cited["citations"]).map((item) => readCitation(asObject(item) ?? {}));
    return [{ kind: "text", text: words.join(""), ...(citations.length > 0 && { citations }) }];
  }
  const reasoning = asObject(block["reasoningContent"]);
  if (reasoning) return [readReasoning(reasoning) ?? []].flat();
  const toolUse = asObject(block["toolUse"]);
  if (toolUse && toolUse["type"] !== "server_tool_use") return [readToolUse(toolUse)];
  const image = asObject(block["image"]);
  const source = image && readSource("image", image);
  if (source) return [{ kind: "image", source }];
  return Object.keys(block).length > 0 && !("text" in block) ? [{ kind: "server_tool", raw: block }] : [];
}

function readToolUse(toolUse: JsonObject): Block {
  const input = toolUse["input"];
  return {
    kind: "tool_call",
    id: asText(toolUse["toolUseId"]) ?? "",
    name: asText(toolUse["name"]) ?? "",
    arguments: typeof input === "string" ? input || "{}" : JSON.stringify(input ?? {}),
  };
}
