import { createOpenAI } from "@ai-sdk/openai";
import type { Block, Part } from "@sluice/translate";
import { asObject, type JsonObject, parseJson } from "@sluice/wire";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { expect, test } from "vitest";
import { answerEvents } from "../../../../packages/translate/src/answer-events.ts";
import { openAiResponses } from "../../../../packages/translate/src/openai-responses/index.ts";
import { answerContext } from "./answer-context.ts";

/** What Anthropic and Gemini want to see again: signed and redacted thinking, a signed call. */
const BLOCKS: readonly Block[] = [
  { kind: "reasoning", text: "Let me see.", signature: "Sg==", origin: "anthropic-messages" },
  { kind: "reasoning", text: "", encrypted: "Rd==", origin: "anthropic-messages" },
  { kind: "text", text: "One moment." },
  { kind: "tool_call", id: "call_x", name: "weather", arguments: '{"city":"Rome"}', signature: "Tg==" },
];

/** An endpoint that asks for the tool first, and says "Sunny." then. Keeps the requests. */
function endpoint(requests: JsonObject[]): typeof fetch {
  return (_, init) => {
    const request = asObject(parseJson(typeof init?.body === "string" ? init.body : "")) ?? {};
    requests.push(request);
    const blocks: readonly Block[] = requests.length === 1 ? BLOCKS : [{ kind: "text", text: "Sunny." }];
    const finish = { reason: requests.length === 1 ? "tool_calls" : "stop" } as const;
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
    const answer = { blocks, finish, usage };
    if (request["stream"] !== true) {
      return Promise.resolve(Response.json(openAiResponses.writeAnswer(answer, answerContext(request))));
    }
    const writer = openAiResponses.createStreamWriter(answerContext(request));
    const body = answerEvents(answer)
      .map((event) => writer.write(event))
      .join("");
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
}

test.each([false, true])(
  "the AI SDK sends it all back with a tool's result, streaming: %s",
  async (streaming) => {
    const requests: JsonObject[] = [];
    const options = {
      model: createOpenAI({ apiKey: "none", fetch: endpoint(requests) }).responses("gpt-5"),
      prompt: "How is the weather?",
      stopWhen: stepCountIs(3),
      providerOptions: { openai: { store: false, include: ["reasoning.encrypted_content"] } },
      tools: {
        weather: tool({
          inputSchema: jsonSchema<{ city: string }>({
            type: "object",
            properties: { city: { type: "string" } },
          }),
          execute: ({ city }) => `Sunny in ${city}.`,
        }),
      },
    };
    const text = streaming ? await streamText(options).text : (await generateText(options)).text;
    expect(text).toBe("Sunny.");

    const lost: string[] = [];
    const { turns } = openAiResponses.readRequest(requests[1] ?? {}, ({ field }) => lost.push(field));
    expect(lost).toEqual([]);
    const said = turns.filter(({ role }) => role === "assistant").flatMap(({ parts }) => parts);
    const bare = (part: Part | Block) => (part.kind === "reasoning" ? { ...part, id: undefined } : part);
    expect(said.map(bare)).toEqual(BLOCKS.map(bare));
    expect(turns.at(-1)?.parts).toEqual([
      {
        kind: "tool_result",
        callId: "call_x",
        name: "weather",
        parts: [{ kind: "text", text: "Sunny in Rome." }],
      },
    ]);
  },
);
