import type { AnswerContext } from "@sluice/translate";
import type { JsonObject } from "@sluice/wire";

/** A context whose ids count up. `request`: the caller's. */
export function answerContext(request: JsonObject = { model: "alias", input: "Hi" }): AnswerContext {
  let count = 0;
  return {
    model: "alias",
    newId: (prefix) => {
      count += 1;
      return `${prefix}${count}`;
    },
    nowS: 1_700_000_000,
    conversation: {
      model: "alias",
      turns: [],
      tools: [],
      stop: [],
      sampling: {},
      stream: true,
      streamUsage: true,
    },
    request,
  };
}
