/** Writes a whole response. */
import { asObject, type JsonObject } from "@sluice/wire";
import type { ModelAnswer } from "../answer.ts";
import { answerEvents } from "../answer-events.ts";
import type { AnswerContext } from "../format.ts";
import { createResponseWriter } from "./response-writer.ts";

/** The response that a stream of the same answer would end with. */
export function writeAnswer(answer: ModelAnswer, context: AnswerContext): JsonObject {
  const writer = createResponseWriter(context);
  const last = answerEvents(answer)
    .flatMap((event) => writer.write(event))
    .at(-1);
  return asObject(last?.["response"]) ?? {};
}
