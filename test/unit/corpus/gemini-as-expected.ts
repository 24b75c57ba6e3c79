/** Answers of Gemini in the words of the corpus, whose arguments were written by another JSON writer than the provider's. */
import type { AssembledAnswer } from "@sluice/wire";
import type { Expected } from "../../support/corpus.ts";
import { asExpected, comparable } from "./assembled-as-expected.ts";

/** Cases whose expectation is not what the body says, with the reason. */
export const WRONG_GEMINI_EXPECTATIONS: ReadonlyMap<string, string> = new Map([
  [
    "gemini.gen.s.v-google-stream-no-args-tool-call",
    "the expectation leaves out `partialArgs`, in which the body gives three calls their argument",
  ],
]);

/** The answer as the corpus would describe it, with arguments as values. */
export function geminiAsExpected(answer: AssembledAnswer): object {
  return withParsedArguments(asExpected(answer));
}

/** The comparable part of an expectation; its finish reason is a number where the request asked for enums as numbers. */
export function comparableGemini(expected: Expected): object {
  const { choices, ...rest } = comparable(expected);
  return withParsedArguments({
    ...rest,
    ...(choices && {
      choices: choices.map((choice) => ({
        ...choice,
        finish: wordOf(choice.finish),
      })),
    }),
  });
}

function wordOf(finish: unknown): string | null {
  return typeof finish === "number" ? finish.toString() : typeof finish === "string" ? finish : null;
}

function withParsedArguments({ choices, ...rest }: Expected): object {
  if (!choices) return rest;
  return {
    ...rest,
    choices: choices.map((choice) => ({
      ...choice,
      toolCalls: choice.toolCalls.map((call) => ({ ...call, args: JSON.parse(call.args) as unknown })),
    })),
  };
}
