import { assembleCompletionsAnswer, readCompletionsRequest } from "@sluice/wire";
import { describe, expect, it } from "vitest";

const choice = (index: number, text: string, finish: string | null = null) => ({
  index,
  text,
  logprobs: { tokens: [text], token_logprobs: [-0.1], top_logprobs: null, text_offset: [0] },
  finish_reason: finish,
});
const chunk = (...choices: readonly object[]) =>
  `data: ${JSON.stringify({ id: "cmpl-1", object: "text_completion", created: 1, model: "m", choices })}\n\n`;

describe("an answer of the legacy completions endpoint", () => {
  it("keeps every choice of an interleaved stream, with its log probabilities", () => {
    const body =
      chunk(choice(1, "b")) +
      chunk(choice(0, "a"), choice(1, "B")) +
      chunk(choice(0, "A", "length")) +
      chunk(choice(1, "!", "stop")) +
      'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":5,"total_tokens":7}}\n\ndata: [DONE]\n\n';
    expect(assembleCompletionsAnswer([Buffer.from(body)], 200)).toMatchObject({
      ok: true,
      value: {
        id: "cmpl-1",
        choices: [
          { index: 0, text: "aA", finishReason: "length", logprobs: 2 },
          { index: 1, text: "bB!", finishReason: "stop", logprobs: 3 },
        ],
        usage: { inputTokens: 2, outputTokens: 5 },
      },
    });
  });

  it("keeps the prompt that was echoed, and fields that only one provider has", () => {
    const body = { id: "1", choices: [{ text: "Say hi. Hi.", index: 0, seed: 5, finish_reason: "eos" }] };
    expect(assembleCompletionsAnswer([Buffer.from(JSON.stringify(body))], 200)).toMatchObject({
      value: { choices: [{ text: "Say hi. Hi.", other: { seed: 5 } }] },
    });
  });

  it("is an error where it holds one, and unread where it is nothing of the kind", () => {
    const error = Buffer.from('{"error":{"message":"No.","type":"invalid_request_error","code":null}}');
    expect(assembleCompletionsAnswer([error], 403)).toMatchObject({ value: { error: { message: "No." } } });
    expect(assembleCompletionsAnswer([Buffer.from("{}")], 200)).toEqual({
      ok: false,
      reason: "The body is JSON but no completion: it has neither choices nor an error.",
    });
  });
});

describe("a request of the legacy completions endpoint", () => {
  it.each([
    [{ prompt: "Hi" }, "Hi"],
    [{ prompt: ["a", "b"] }, ["a", "b"]],
    [
      { prompt: "a", suffix: "z" },
      { prompt: "a", suffix: "z" },
    ],
  ])("shows %j as its input", (fields, input) => {
    const body = Buffer.from(JSON.stringify({ model: "m", n: 2, echo: true, ...fields }));
    expect(readCompletionsRequest(body)).toEqual({
      ok: true,
      value: { model: "m", input, parameters: { n: 2, echo: true } },
    });
  });
});
