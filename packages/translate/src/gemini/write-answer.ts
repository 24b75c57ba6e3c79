/** Writes a whole answer of generateContent. */
import type { JsonObject } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";
import type { AnswerContext } from "../format.ts";
import { writeFinish } from "./finish.ts";
import { writeUsage } from "./usage.ts";
import { writeBlock } from "./write-block.ts";
import { type PlacedCitation, writeGrounding } from "./write-citations.ts";

/** The answer as one candidate. */
export function writeAnswer(answer: ModelAnswer, context: AnswerContext): JsonObject {
  const cited: PlacedCitation[] = [];
  let text = "";
  for (const block of answer.blocks) {
    if (block.kind !== "text") continue;
    for (const citation of block.citations ?? []) cited.push({ citation, offset: text.length });
    text += block.text;
  }
  const groundingMetadata = writeGrounding(cited, text);
  return {
    candidates: [
      {
        content: { role: "model", parts: answer.blocks.flatMap(writeBlock) },
        finishReason: writeFinish(answer.finish ?? { reason: "stop" }),
        index: 0,
        ...(groundingMetadata && { groundingMetadata }),
      },
    ],
    ...(answer.usage && { usageMetadata: writeUsage(answer.usage) }),
    modelVersion: answer.model ?? context.model,
    responseId: answer.id ?? context.newId("resp_"),
  };
}
