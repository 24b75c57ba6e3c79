import { chatStreamFormat, createSseGate, MAX_HELD_EVENT_BYTES, type SseFormat } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const chat = chatStreamFormat({ dropUsage: true });
const chunk = (text: string) => `data: {"choices":[{"delta":{"content":"${text}"}}],"usage":null}`;
const usage = 'data: {"id":"x","choices": [ ],"usage":{"total_tokens":3}}';
const azure = 'data: {"choices":[],"id":"","prompt_filter_results":[{}]}';

/** Cuts bytes at the given places, each a share of the length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((share) => Math.floor(share * bytes.length)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

function run(format: SseFormat, chunks: readonly Buffer[]) {
  const gate = createSseGate(format);
  const passed = Buffer.concat(chunks.flatMap((piece) => gate.push(piece))).toString();
  return { passed, held: Buffer.concat(gate.end()).toString(), terminated: gate.terminated };
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const event = fc.oneof(
  fc.constantFrom(
    chunk("Hello"),
    chunk("grüße 🎈"),
    chunk("the [DONE] marker"),
    azure,
    ": comment",
    "event: x",
  ),
  fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => `data: ${JSON.stringify(text)}`),
);
const stream = fc.array(fc.tuple(event, lineEnd).map(([text, end]) => text + end + end));
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

describe("the gate of an event stream", () => {
  it("passes every event on at once and holds the one that ends the answer", () => {
    const gate = createSseGate(chat);
    const first = Buffer.from(`${chunk("a")}\n\n`);
    expect(Buffer.concat(gate.push(first))).toEqual(first);
    expect(gate.push(Buffer.from("data: [DONE]\n\n"))).toEqual([]);
    expect(gate.terminated).toBe(true);
    expect(Buffer.concat(gate.end()).toString()).toBe("data: [DONE]\n\n");
  });

  it("holds an event until it is complete, so that an error event can follow a broken stream", () => {
    const { passed, held, terminated } = run(chat, [Buffer.from(`${chunk("a")}\n\ndata: {"choi`)]);
    expect({ passed, held, terminated }).toEqual({
      passed: `${chunk("a")}\n\n`,
      held: 'data: {"choi',
      terminated: false,
    });
  });

  it("lets an event pass in pieces once it is larger than the limit", () => {
    const gate = createSseGate(chat);
    const big = Buffer.from(`data: ${"x".repeat(MAX_HELD_EVENT_BYTES)}`);
    expect(Buffer.concat(gate.push(big))).toEqual(big);
    expect(Buffer.concat(gate.push(Buffer.from("yz\n"))).toString()).toBe("yz\n");
    expect(Buffer.concat(gate.push(Buffer.from("\ndata: [DONE]\n\n"))).toString()).toBe("\n");
    expect(Buffer.concat(gate.end()).toString()).toBe("data: [DONE]\n\n");
  });

  it("takes out the usage chunk, and neither Azure's first chunk nor usage beside a choice", () => {
    const beside = 'data: {"choices":[{"delta":{}}],"usage":{"total_tokens":3}}';
    const body = [azure, chunk("a"), beside, usage, "data: [DONE]", ""].join("\n\n");
    const { passed, held } = run(chat, [Buffer.from(body)]);
    expect(passed + held).toBe(body.replace(`${usage}\n\n`, ""));
  });

  it("leaves the usage chunk in when the caller asked for it", () => {
    const body = [chunk("a"), usage, "data: [DONE]", ""].join("\n\n");
    const { passed, held } = run(chatStreamFormat({ dropUsage: false }), [Buffer.from(body)]);
    expect(passed + held).toBe(body);
  });

  it("changes no byte but the usage chunk, however the stream is cut and whatever its line ends", () => {
    fc.assert(
      fc.property(stream, lineEnd, stream, places, (before, end, after, at) => {
        const injected = usage + end + end;
        const done = `data: [DONE]${end}${end}`;
        const kept = before.join("") + after.join("");
        // A CR that ends one event and an LF that starts the next are one line end: not this stream's.
        fc.pre(!after.join("").startsWith("\n"));
        const bytes = Buffer.from(before.join("") + injected + after.join("") + done);
        const { passed, held, terminated } = run(chat, cut(bytes, at));
        expect(passed).toBe(kept);
        expect(held).toBe(done);
        expect(terminated).toBe(true);
      }),
    );
  });

  it("holds nothing but the tail: what has passed grows with every complete event", () => {
    fc.assert(
      fc.property(stream, (events) => {
        const gate = createSseGate(chat);
        for (const text of events) {
          const bytes = Buffer.from(text);
          expect(Buffer.concat(gate.push(bytes))).toEqual(bytes);
        }
      }),
    );
  });
});
