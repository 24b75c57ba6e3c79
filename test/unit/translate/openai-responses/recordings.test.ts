import type { AnswerEvent, Block, ModelAnswer } from "@sluice/translate";
import { createSseReader } from "@sluice/wire";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { foldEvents } from "../../../../packages/translate/src/fold-events.ts";
import { openAiResponses } from "../../../../packages/translate/src/openai-responses/index.ts";
import { corpusBody, corpusCases, corpusExpectation } from "../../../support/corpus.ts";
import { atRandomOffsets } from "../../../support/delivery.ts";
import { answerContext } from "./answer-context.ts";

const answers = (corpusCases() ?? []).filter(
  ({ endpoint, status }) => endpoint === "responses" && status < 400,
);
const streams = answers.filter(({ file }) => file.endsWith(".sse"));

function readStream(pieces: readonly Uint8Array[]): readonly AnswerEvent[] {
  const sse = createSseReader();
  const reader = openAiResponses.createStreamReader();
  const events = pieces.flatMap((piece) => sse.feed(piece));
  return [...events.flatMap(({ type, data }) => reader.read({ type, data })), ...reader.end()];
}

function read(recorded: (typeof answers)[number]): ModelAnswer {
  const body = corpusBody(recorded);
  const answer = recorded.file.endsWith(".sse")
    ? foldEvents(readStream([body]))
    : openAiResponses.readAnswer(JSON.parse(Buffer.from(body).toString()));
  if (!answer) throw new Error("The recording holds no answer.");
  return answer;
}

/** What can be seen of an answer in every format. Ids of items, and the place of a citation, are made anew. */
function visible({ blocks }: ModelAnswer): readonly Block[] {
  return blocks
    .filter(({ kind }) => kind !== "server_tool")
    .map((block) => {
      if (block.kind === "reasoning") return { ...block, id: "rs_…" };
      return block.kind === "text" ? { kind: block.kind, text: block.text } : block;
    });
}

describe.runIf(answers.length > 0)("recorded responses", () => {
  test.for(answers)("$id reads as expected", (recorded, { skip }) => {
    const expected = corpusExpectation(recorded);
    if (!expected?.choices || !expected.usage) {
      skip("the corpus holds no expectation, or that of another recording under its name");
      return;
    }
    const answer = read(recorded);
    const [choice] = expected.choices;
    const joined = (kind: "text" | "reasoning") =>
      answer.blocks.map((block) => (block.kind === kind ? block.text : "")).join("");
    expect(joined("text")).toBe(choice?.text);
    // Paragraphs of a summary are told apart here.
    expect(joined("reasoning").replaceAll("\n\n", "")).toBe(choice?.reasoning.replaceAll("\n\n", ""));
    const calls = answer.blocks.filter((block) => block.kind === "tool_call");
    expect(calls.map(({ id, name }) => ({ id, name }))).toEqual(
      choice?.toolCalls.map(({ id, name }) => ({ id, name })),
    );
    expect(answer.finish?.reason).toBe(calls.length > 0 ? "tool_calls" : "stop");
    expect(answer.usage).toMatchObject({
      inputTokens: expected.usage.inputTotal,
      outputTokens: expected.usage.output,
    });
  });

  test.each(streams)("$id tells as a stream what its last event repeats", (recorded) => {
    const last = Buffer.from(corpusBody(recorded))
      .toString()
      .split("\n")
      .findLast((line) => line.startsWith("data: {"));
    const parsed: unknown = JSON.parse(last?.slice("data: ".length) ?? "");
    const response =
      typeof parsed === "object" && parsed && "response" in parsed ? parsed.response : undefined;
    const whole = openAiResponses.readAnswer(response);
    const told = read(recorded);
    // Copilot's items have another id in every event, and OpenAI encrypts thinking anew each time.
    const bare = (answer: ModelAnswer | undefined) =>
      answer &&
      visible(answer).map((block) => (block.kind === "reasoning" ? { ...block, encrypted: "…" } : block));
    expect(bare(told)).toEqual(bare(whole));
  });

  test.each(streams)("$id reads alike, however it is delivered", (recorded) => {
    const body = corpusBody(recorded);
    expect(readStream(atRandomOffsets(body, 5))).toEqual(readStream([body]));
  });

  test.each(answers)("$id loses nothing when it is written and read again", (recorded) => {
    const answer = read(recorded);
    const written = openAiResponses.writeAnswer(answer, answerContext());
    const again = openAiResponses.readAnswer(written);
    expect(again && visible(again)).toEqual(visible(answer));
    expect(again?.usage).toMatchObject({ totalTokens: answer.usage?.totalTokens });
    expect(again?.finish?.reason).toBe(answer.finish?.reason);
  });

  test.each(streams)("$id, written as a stream, satisfies the official client", async (recorded) => {
    const writer = openAiResponses.createStreamWriter(answerContext());
    const body = readStream([corpusBody(recorded)])
      .map((event) => writer.write(event))
      .join("");
    const client = new OpenAI({
      apiKey: "none",
      maxRetries: 0,
      fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
    });
    const final = await client.responses.stream({ model: "m", input: "i" }).finalResponse();
    const again = openAiResponses.readAnswer(final);
    expect(again && visible(again)).toEqual(visible(read(recorded)));
  });
});
