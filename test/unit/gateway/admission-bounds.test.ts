import { describe, expect, it } from "vitest";
import {
  rateTokens,
  requestBounds,
  requestTerms,
} from "../../../packages/gateway/src/admission/request-bounds.ts";
import { parseJson, readInferenceRequest } from "../../../packages/gateway/src/inference-request.ts";

function request(text: string) {
  const body = Buffer.from(text);
  return readInferenceRequest(body, parseJson(body));
}

function boundsOf(fields: object) {
  return requestBounds(request(JSON.stringify({ model: "gpt-4o", ...fields })), "chat.completions");
}

function content(...parts: object[]) {
  return { messages: [{ role: "user", content: parts }] };
}

describe("the bounds of a request", () => {
  it("are every byte of it", () => {
    const text = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Grüße 😀" }] });
    expect(requestBounds(request(text), "chat.completions").inputBytes).toBe(Buffer.byteLength(text));
  });

  it.each([
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 7 }, 7],
    // A provider that knows one of the two names may give as much as that says.
    [{ max_tokens: 900, max_completion_tokens: 1 }, 900],
    [{ max_tokens: 1, max_completion_tokens: 900 }, 900],
    [{ max_tokens: 0 }, undefined],
    [{ max_tokens: -1 }, undefined],
    [{ max_tokens: 1.5 }, undefined],
    [{ max_tokens: "5" }, undefined],
    [{ max_tokens: null }, undefined],
    [{}, undefined],
  ])("take the output limit of %j for %s", (fields, limit) => {
    expect(boundsOf(fields).maxOutputTokens).toBe(limit);
  });

  it("count the answers that are asked for", () => {
    expect(boundsOf({ n: 3 }).choices).toBe(3);
    expect(boundsOf({}).choices).toBe(1);
  });

  it.each([
    [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }, { image: 1 }],
    [{ type: "image_url", image_url: "https://example.com/a.png" }, { image: 1 }],
    [{ type: "input_audio", input_audio: { data: "QUJD", format: "wav" } }, { audio: 1 }],
    [{ type: "file", file: { file_id: "file-1" } }, { file: 1 }],
    [{ type: "document_url", document_url: "https://example.com/a.pdf" }, { file: 1 }],
    [{ type: "video_url", video_url: { url: "https://example.com/a.mp4" } }, { video: 1 }],
    [{ type: "text", text: "hello" }, {}],
  ])("count the attachment %j", (part, attachments) => {
    expect(boundsOf(content(part)).attachments).toEqual(attachments);
  });

  it("count an earlier answer's audio, which is given by its id", () => {
    const messages = [{ role: "assistant", audio: { id: "audio_1" } }];
    expect(boundsOf({ messages }).attachments).toEqual({ audio: 1 });
  });

  it("take inline media out of the bytes, and nothing else", () => {
    const url = `data:image/png;base64,${"A".repeat(10_000)}`;
    const inline = boundsOf(content({ type: "image_url", image_url: { url } }));
    const empty = boundsOf(content({ type: "image_url", image_url: { url: "" } }));
    expect(inline.inputBytes).toBe(empty.inputBytes);
    expect(inline.attachments).toEqual({ image: 1 });
    const remote = `https://example.com/${"a".repeat(1_000)}`;
    expect(boundsOf(content({ type: "image_url", image_url: { url: remote } })).inputBytes).toBe(
      empty.inputBytes + remote.length,
    );
  });

  it.each([
    [`{"model":"m","messages":[{"content":[{"cache_control":{"type":"ephemeral"}}]}]}`, "1h"],
    // The same, as a caller could hide it.
    [String.raw`{"model":"m","messages":[{"content":[{"cache\u005fcontrol":{}}]}]}`, "1h"],
    [String.raw`{"model":"m","messages":[{"content":[{"\u0063ache_contro\u006C":{}}]}]}`, "1h"],
    [`{"model":"m","messages":[{"content":"hello"}]}`, "none"],
    // Go escapes these in every text.
    [String.raw`{"model":"m","messages":[{"content":"\u003cb\u003e \u0026 \u00e9"}]}`, "none"],
  ])("of %s assume cache writes of %s", (text, cacheWrites) => {
    expect(requestBounds(request(text), "chat.completions").cacheWrites).toBe(cacheWrites);
  });

  it("of an embedding have no output", () => {
    const text = JSON.stringify({ model: "m", input: "abc", max_tokens: 900 });
    expect(requestBounds(request(text), "embeddings").maxOutputTokens).toBe(0);
  });
});

describe("the terms that a request asks for", () => {
  it.each([
    [{}, {}],
    [{ service_tier: "priority" }, { serviceTier: "priority" }],
    [{ service_tier: null }, {}],
    [{ speed: "fast", service_tier: "auto" }, { serviceTier: "fast" }],
    [{ inference_geo: "us" }, { inferenceGeo: "us" }],
  ])("of %j are %j", (fields, terms) => {
    expect(requestTerms(request(JSON.stringify({ model: "m", ...fields })))).toEqual(terms);
  });
});

describe("the tokens that a call takes of its minute", () => {
  it("are a quarter of its bytes, rounded up, and the output of all its answers", () => {
    expect(rateTokens({ inputBytes: 9, maxOutputTokens: 100, choices: 2 })).toBe(203);
    expect(rateTokens({ inputBytes: 8 })).toBe(2);
  });
});
