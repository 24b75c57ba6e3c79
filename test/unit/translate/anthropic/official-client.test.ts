/** Recorded chat streams, translated for a caller of messages: Anthropic's client puts together what the provider said. */
import Anthropic from "@anthropic-ai/sdk";
import { translate } from "@sluice/translate";
import { describe, expect, test } from "vitest";
import { corpusBody, corpusCases, corpusExpectation } from "../../../support/corpus.ts";
import { atRandomOffsets } from "../../../support/delivery.ts";

const REQUEST = {
  model: "the-alias",
  max_tokens: 100,
  stream: true,
  messages: [{ role: "user", content: "Hi" }],
};

/** Recordings of one answer that ended well and whose expectation is known. */
const recordings = (corpusCases() ?? []).flatMap((recorded) => {
  const { endpoint, file, outcome } = recorded as typeof recorded & { readonly outcome: string };
  const expected = corpusExpectation(recorded);
  const [choice, ...others] = expected?.choices ?? [];
  const isWhole = endpoint === "chat" && file.endsWith(".sse") && outcome === "ok";
  return isWhole && choice && others.length === 0 ? [{ id: recorded.id, recorded, choice }] : [];
});

describe.runIf(recordings.length > 0)("a recorded chat stream", () => {
  test.each(recordings)("$id is a message to the official client", async ({ recorded, choice }) => {
    const translation = await translate({
      from: "anthropic-messages",
      to: "openai-chat",
      body: REQUEST,
      model: "m",
      callerModel: REQUEST.model,
      newId: (prefix) => `${prefix}new`,
      nowS: 1_760_000_000,
    });
    const stream = translation.stream();
    const pushed = atRandomOffsets(corpusBody(recorded), 7).flatMap((piece) => stream.push(piece));
    const { pieces, broken } = stream.end();
    expect(broken).toBe(false);

    const body = Buffer.concat([...pushed, ...pieces]);
    const client = new Anthropic({
      apiKey: "none",
      maxRetries: 0,
      fetch: () => Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } })),
    });
    const { model, max_tokens, messages } = REQUEST;
    const said = messages.map(({ content }) => ({ role: "user" as const, content }));
    const message = await client.messages.stream({ model, max_tokens, messages: said }).finalMessage();
    const texts = message.content.map((block) => (block.type === "text" ? block.text : ""));
    expect(texts.join("")).toBe(choice.text + (choice.refusal ?? ""));
    const calls = message.content.filter((block) => block.type === "tool_use");
    expect(calls.map(({ name, input }) => ({ name, input }))).toEqual(
      choice.toolCalls.map(({ name, args }) => ({ name, input: JSON.parse(args || "{}") as unknown })),
    );
    expect(message.stop_reason).not.toBeNull();
  });
});
