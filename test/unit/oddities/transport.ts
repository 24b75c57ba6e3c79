/** Oddities of how answers arrive, and of errors inside of them. */

import { expect } from "vitest";
import { completion, delta, finish, sse } from "../../support/chat-bodies.ts";
import { withBomAndComments, withCrlf } from "../../support/delivery.ts";
import { blockEvents, messageEvents, messageStream } from "../../support/message-bodies.ts";
import type { Oddity } from "./oddity.ts";

const STREAM = sse([delta({ content: "Zürich – " }), delta({ content: "🏔" }), finish("stop")]);
const SAYS = { choices: [{ text: "Zürich – 🏔" }] };
const LONG = "x".repeat(150_000);
const HALF = messageEvents(
  blockEvents(0, { type: "text", text: "" }, [{ type: "text_delta", text: "Hal" }]),
).slice(0, 3);

const framed = (what: string, body: Uint8Array, says: object = SAYS): Oddity => ({
  what,
  format: "openai-chat",
  body: Buffer.from(body),
  says,
});

/** One for each statement of the list. */
export const TRANSPORT: readonly Oddity[] = [
  framed("A BOM and comments", withBomAndComments(STREAM)),
  framed("CRLF", withCrlf(STREAM)),
  framed("data: without a space", Buffer.from(STREAM.toString("utf8").replaceAll("data: ", "data:"))),
  framed("No [DONE]", sse([delta({ content: "a" }), finish("stop")], { done: false }), {
    choices: [{ text: "a" }],
  }),
  framed("U+2028 inside of JSON", sse([delta({ content: "a\u2028b" }), finish("stop")]), {
    choices: [{ text: "a\u2028b" }],
  }),
  framed("A line above 100 KB", sse([delta({ content: LONG }), finish("stop")]), {
    choices: [{ text: LONG }],
  }),
  {
    what: "Gemini gives a JSON array when alt=sse is absent",
    format: "gemini-generate-content",
    body: Buffer.from(
      JSON.stringify([
        { candidates: [{ content: { role: "model", parts: [{ text: "a" }] }, index: 0 }] },
        {
          candidates: [
            { content: { role: "model", parts: [{ text: "b" }] }, finishReason: "STOP", index: 0 },
          ],
        },
      ]),
    ),
    says: { choices: [{ text: "ab" }] },
    carried: {},
  },
  {
    what: "An error after a 200 as the first event",
    format: "openai-chat",
    body: Buffer.from('event: error\ndata: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'),
    says: { error: { message: "Overloaded" } },
    carried: { error: { message: expect.stringContaining("Overloaded") as string } },
  },
  {
    what: "An error after a 200 as data, without an end mark, keeps the partial output",
    format: "openai-chat",
    body: sse([delta({ content: "Hal" }), { error: { message: "Overloaded", code: 502 } }], { done: false }),
    says: { choices: [{ text: "Hal" }], error: { message: "Overloaded" } },
    carried: {
      choices: [{ text: "Hal" }],
      error: { message: expect.stringContaining("Overloaded") as string },
    },
  },
  {
    what: "An error after a 200 as an event of its own, without message_stop",
    format: "anthropic-messages",
    body: Buffer.from(
      messageStream([...HALF, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }]),
    ),
    says: { choices: [{ text: "Hal" }], error: { message: "Overloaded" } },
    carried: {
      choices: [{ text: "Hal" }],
      error: { message: expect.stringContaining("Overloaded") as string },
    },
  },
  {
    what: "response.failed",
    format: "openai-responses",
    body: Buffer.from(
      messageStream([
        {
          type: "response.created",
          response: { id: "resp_1", status: "in_progress", model: "m", output: [] },
        },
        {
          type: "response.failed",
          response: {
            id: "resp_1",
            status: "failed",
            model: "m",
            output: [],
            error: { code: "server_error", message: "Overloaded" },
          },
        },
      ]),
    ),
    says: { error: { message: "Overloaded" } },
    carried: { error: { message: expect.stringContaining("Overloaded") as string } },
  },
  {
    what: "An error body under 200",
    format: "openai-chat",
    body: Buffer.from('{"error":{"message":"Overloaded","code":502}}'),
    says: { error: { message: "Overloaded" } },
    carried: { error: { message: expect.stringContaining("Overloaded") as string } },
  },
  framed("An answer that came whole", completion({ content: "Zürich – 🏔" })),
];
