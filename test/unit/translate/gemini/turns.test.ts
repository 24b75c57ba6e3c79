/** A second turn: what Gemini signed in its answer has to be in the request that the caller makes of it. */
import { type ConversationFormat, translate } from "@sluice/translate";
import { asList, asObject, type JsonObject, parseJson } from "@sluice/wire";
import { describe, expect, test } from "vitest";

/** An answer with a thought, a text and two calls; of parallel calls, the first is signed. */
const answer = {
  candidates: [
    {
      content: {
        role: "model",
        parts: [
          { text: "Two cities, two calls.", thought: true },
          { text: "Let me look." },
          { functionCall: { name: "weather", args: { city: "Paris" } }, thoughtSignature: "c2lnbmF0dXJl" },
          { functionCall: { name: "weather", args: { city: "Rome" } } },
        ],
      },
      finishReason: "STOP",
      index: 0,
    },
  ],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 8, totalTokenCount: 17 },
  modelVersion: "gemini-3-flash-preview",
  responseId: "r1",
};

const tool = { name: "weather", description: "d" };
const parameters = { type: "object", properties: { city: { type: "string" } } };

/** What a caller of each format sends first, and after an answer. */
interface Caller {
  readonly first: JsonObject;
  readonly next: (answered: JsonObject) => JsonObject;
}

const CALLERS: readonly (readonly [ConversationFormat, Caller])[] = [
  [
    "openai-chat",
    {
      first: {
        messages: [{ role: "user", content: "Weather?" }],
        tools: [{ type: "function", function: { ...tool, parameters } }],
      },
      next(answered) {
        const message = asObject(asObject(asList(answered["choices"])[0])?.["message"]) ?? {};
        const results = asList(message["tool_calls"]).map((call, at) => ({
          role: "tool",
          tool_call_id: asObject(call)?.["id"],
          content: `result ${at}`,
        }));
        return { ...this.first, messages: [...asList(this.first["messages"]), message, ...results] };
      },
    },
  ],
  [
    "anthropic-messages",
    {
      first: {
        max_tokens: 100,
        messages: [{ role: "user", content: "Weather?" }],
        tools: [{ ...tool, input_schema: parameters }],
      },
      next(answered) {
        const content = asList(answered["content"]).map(asObject);
        const uses = content.filter((block) => block?.["type"] === "tool_use");
        const results = uses.map((use, at) => ({
          type: "tool_result",
          tool_use_id: use?.["id"],
          content: `result ${at}`,
        }));
        const turns = [
          { role: "assistant", content },
          { role: "user", content: results },
        ];
        return { ...this.first, messages: [...asList(this.first["messages"]), ...turns] };
      },
    },
  ],
  [
    "openai-responses",
    {
      first: {
        input: [{ role: "user", content: "Weather?" }],
        tools: [{ type: "function", ...tool, parameters }],
        include: ["reasoning.encrypted_content"],
      },
      next(answered) {
        const output = asList(answered["output"]).map(asObject);
        const calls = output.filter((item) => item?.["type"] === "function_call");
        const results = calls.map((call, at) => ({
          type: "function_call_output",
          call_id: call?.["call_id"],
          output: `result ${at}`,
        }));
        return { ...this.first, input: [...asList(this.first["input"]), ...output, ...results] };
      },
    },
  ],
  [
    "gemini-generate-content",
    {
      first: {
        contents: [{ role: "user", parts: [{ text: "Weather?" }] }],
        tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: parameters }] }],
      },
      next(answered) {
        const content = asObject(asObject(asList(answered["candidates"])[0])?.["content"]);
        const calls = asList(content?.["parts"]).flatMap((part) => {
          const call = asObject(asObject(part)?.["functionCall"]);
          return call ? [call] : [];
        });
        const parts = calls.map(({ id, name }, at) => ({
          functionResponse: { id, name, response: { output: `result ${at}` } },
        }));
        const turns = [content, { role: "user", parts }];
        return { ...this.first, contents: [...asList(this.first["contents"]), ...turns] };
      },
    },
  ],
];

describe("the second turn of a caller", () => {
  test.each(CALLERS)(
    "of %s has Gemini's signature on its call, and the results in order",
    async (from, caller) => {
      let ids = 0;
      const translation = (body: JsonObject) =>
        translate({
          from,
          to: "gemini-generate-content",
          body: { model: "alias", ...body },
          model: "gemini-3-flash-preview",
          callerModel: "alias",
          newId: (prefix) => `${prefix}${(ids += 1)}`,
          nowS: 1,
        });
      const first = await translation(caller.first);
      const answered = parseJson(first.answer(Buffer.from(JSON.stringify(answer))).toString());
      const second = await translation(caller.next(asObject(answered) ?? {}));
      const contents = asList(asObject(parseJson(second.body.toString()))?.["contents"]).map(asObject);
      const [asked, model, results] = contents;
      expect(contents).toHaveLength(3);
      expect(asked).toEqual({ role: "user", parts: [{ text: "Weather?" }] });
      const said = asList(model?.["parts"])
        .map(asObject)
        .filter((part) => part?.["thought"] !== true);
      expect(said).toEqual([
        { text: "Let me look." },
        {
          functionCall: { id: expect.any(String) as string, name: "weather", args: { city: "Paris" } },
          thoughtSignature: "c2lnbmF0dXJl",
        },
        { functionCall: { id: expect.any(String) as string, name: "weather", args: { city: "Rome" } } },
      ]);
      const callIds = said.slice(1).map((part) => asObject(part?.["functionCall"])?.["id"]);
      expect(results).toEqual({
        role: "user",
        parts: callIds.map((id, at) => ({
          functionResponse: { id, name: "weather", response: { output: `result ${at}` } },
        })),
      });
    },
  );
});
