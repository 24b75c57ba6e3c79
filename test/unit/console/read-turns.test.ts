import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  inputTurns,
  offeredTools,
  outputTurns,
} from "../../../packages/console/page/conversation/read-turns.ts";

const MEDIA = "@@@langfuseMedia:type=image/png|id=abc-DEF_123|source=base64_data_uri@@@";

describe("the turns of a conversation", () => {
  it.each([
    ["a text", { role: "user", content: "Hi" }, [{ kind: "text", text: "Hi" }]],
    ["nothing", { role: "assistant", content: null }, []],
    [
      "an image of OpenAI's",
      { role: "user", content: [{ type: "image_url", image_url: { url: MEDIA } }] },
      [{ kind: "media", type: "image/png", mediaId: "abc-DEF_123" }],
    ],
    [
      "an image of Anthropic's",
      { role: "user", content: [{ type: "image", source: { type: "base64", data: MEDIA } }] },
      [{ kind: "media", type: "image/png", mediaId: "abc-DEF_123" }],
    ],
    [
      "an image that is elsewhere",
      { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] },
      [{ kind: "media", type: "image_url", address: "https://example.com/a.png" }],
    ],
    [
      "a file in the middle of a text",
      { role: "user", content: `before ${MEDIA} after` },
      [
        { kind: "text", text: "before " },
        { kind: "media", type: "image/png", mediaId: "abc-DEF_123" },
        { kind: "text", text: " after" },
      ],
    ],
    [
      "thinking and a tool's call of Anthropic's",
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm" },
          { type: "tool_use", id: "t1", name: "f", input: { a: 1 } },
        ],
      },
      [
        { kind: "reasoning", text: "hm" },
        { kind: "tool call", id: "t1", name: "f", input: '{\n  "a": 1\n}' },
      ],
    ],
    [
      "reasoning and a tool's call of OpenAI's, whose arguments are no JSON",
      {
        role: "assistant",
        content: null,
        reasoning_content: "hm",
        tool_calls: [{ id: "t1", type: "function", function: { name: "f", arguments: '{"a' } }],
      },
      [
        { kind: "reasoning", text: "hm" },
        { kind: "tool call", id: "t1", name: "f", input: '{"a' },
      ],
    ],
    [
      "a tool's result",
      { role: "tool", tool_call_id: "t1", content: "42" },
      [{ kind: "tool result", of: "t1", parts: [{ kind: "text", text: "42" }] }],
    ],
    [
      "a call among the items of Responses",
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      [{ kind: "tool call", id: "c1", name: "f", input: "{}" }],
    ],
    [
      "a block that nobody knows",
      { role: "user", content: [{ type: "new" }] },
      [{ kind: "data", value: { type: "new" } }],
    ],
  ])("hold %s", (_what, message, parts) => {
    expect(inputTurns({ messages: [message] })).toMatchObject([{ parts }]);
  });

  it("tell choices apart, and take what is no message as data", () => {
    const choice = (content: string) => ({ index: 0, message: { role: "assistant", content } });
    expect(outputTurns([choice("a"), choice("b")]).map(({ choice }) => choice)).toEqual([1, 2]);
    expect(outputTurns({ embeddings: 1 })).toEqual([
      { role: "output", parts: [{ kind: "data", value: { embeddings: 1 } }] },
    ]);
    expect([...inputTurns(undefined), ...outputTurns(undefined)]).toEqual([]);
  });

  it("are made of anything that a trace can hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const input of [
          value,
          { messages: [value] },
          { messages: [{ role: "user", content: value }] },
        ]) {
          expect(inputTurns(input)).toBeInstanceOf(Array);
          expect(outputTurns(input)).toBeInstanceOf(Array);
          expect(offeredTools(input)).toBeInstanceOf(Array);
        }
      }),
    );
  });
});
