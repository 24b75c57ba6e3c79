/** An assembled answer of Bedrock's in the words of the corpus's expectations. */
import { type AssembledAnswer, parseJson } from "@sluice/wire";
import type { Expected, ExpectedChoice } from "../../support/corpus.ts";
import { asExpected } from "./assembled-as-expected.ts";

/** What the corpus says of Bedrock's answers beside what it says of every answer. */
interface ExpectedBedrockAnswer extends Expected {
  /** Lengths of signatures; -1 stands for thinking that is encrypted. */
  readonly signatures?: readonly number[];
}

/** The answer as the corpus would describe it, which names no choices where there are none. */
export function bedrockAsExpected(answer: AssembledAnswer): object {
  const { choices = [], ...described } = asExpected(answer);
  const details = answer.choices.flatMap(({ reasoningDetails }) => reasoningDetails);
  return asComparable({
    ...described,
    ...(choices.length > 0 && { choices }),
    ...(choices.length > 0 && {
      signatures: details.flatMap(({ signature, data, type }) => {
        if (data !== undefined && (type === "redacted_thinking" || type === "reasoning.encrypted"))
          return [-1];
        return typeof signature === "string" ? [signature.length] : [];
      }),
    }),
  });
}

/** The expectation, as far as both sides can say it: the corpus writes arguments again, and leaves out Anthropic's total. */
export function asComparable(expected: ExpectedBedrockAnswer): object {
  const { id, model, choices, usage, error, signatures = [] } = expected;
  if (error) return { error };
  return {
    id,
    model,
    choices: choices?.map(withParsedArguments),
    signatures,
    usage: usage && {
      input: usage.input,
      cacheRead: usage.cacheRead,
      cacheWrite: usage.cacheWrite,
      inputTotal: usage.inputTotal,
      output: usage.output,
      reasoning: usage.reasoning,
    },
  };
}

function withParsedArguments(choice: ExpectedChoice) {
  return {
    ...choice,
    toolCalls: choice.toolCalls.map((call) => ({ ...call, args: parseJson(call.args) ?? call.args })),
  };
}
