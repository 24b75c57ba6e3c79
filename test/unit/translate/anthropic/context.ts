import type { AnswerContext } from "@sluice/translate";

/** What a writer is told besides the answer. Ids are counted. */
export function answerContext(): AnswerContext {
  let ids = 0;
  return {
    model: "the-alias",
    newId: (prefix) => {
      ids += 1;
      return `${prefix}new${ids}`;
    },
    nowS: 1_760_000_000,
    conversation: {
      model: "m",
      turns: [],
      tools: [],
      stop: [],
      sampling: {},
      stream: true,
      streamUsage: true,
    },
    request: {},
  };
}
