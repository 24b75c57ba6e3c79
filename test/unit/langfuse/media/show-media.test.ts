import { createHash } from "node:crypto";
import { observe } from "@sluice/flusher";
import { MAX_MEDIA_BYTES, type Media, type ObservedCall, showMedia } from "@sluice/langfuse";
import type { ExchangeRecord } from "@sluice/trace";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answer, chatRecord } from "../../../support/records.ts";

const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(2_000, 7)]);
const WAV = Buffer.concat([Buffer.from("RIFF____WAVEfmt "), Buffer.alloc(2_000, 3)]);
const PDF = Buffer.from(`%PDF-1.7\n${"x".repeat(2_000)}`);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const dataUri = (bytes: Uint8Array, type: string) => `data:${type};base64,${base64(bytes)}`;

const reference = (bytes: Uint8Array, type: string, source: string) => {
  const id = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
  return `@@@langfuseMedia:type=${type}|id=${id}|source=${source}@@@`;
};
const placeholder = (bytes: Uint8Array, type: string, more: object = {}) => ({
  type: "media",
  media_type: type,
  bytes: bytes.byteLength,
  sha256: createHash("sha256").update(bytes).digest("hex"),
  ...more,
});

const json = (value: unknown) => ({
  contentType: "application/json",
  body: Buffer.from(JSON.stringify(value)),
});

/** Input and output of a call, as they are shown. */
function shown(fields: Partial<ExchangeRecord>, mode: "langfuse" | "placeholder" = "langfuse") {
  const { call, media } = showMedia(observe(chatRecord(fields)), mode);
  const input = call.request.kind === "read" ? call.request.value.input : call.request;
  const output = call.answer?.kind === "read" ? call.answer.value : call.answer;
  return { input, output, media, text: JSON.stringify([input, output]) };
}

const inputOf = ({ request }: ObservedCall) => (request.kind === "read" ? request.value.input : undefined);

const user = (...content: object[]) => ({ model: "m", messages: [{ role: "user", content }] });

/** Every way to send or get a file, with what it is, and how Langfuse calls the way. */
const CASES: readonly (readonly [
  name: string,
  fields: Partial<ExchangeRecord>,
  bytes: Uint8Array,
  type: string,
  source: "bytes" | "base64_data_uri",
])[] = [
  [
    "chat image_url",
    { request: json(user({ type: "image_url", image_url: { url: dataUri(PNG, "image/png") } })) },
    PNG,
    "image/png",
    "base64_data_uri",
  ],
  [
    "chat input_audio",
    { request: json(user({ type: "input_audio", input_audio: { data: base64(WAV), format: "wav" } })) },
    WAV,
    "audio/wav",
    "bytes",
  ],
  [
    "chat file_data as data URI",
    {
      request: json(
        user({ type: "file", file: { filename: "a.pdf", file_data: dataUri(PDF, "application/pdf") } }),
      ),
    },
    PDF,
    "application/pdf",
    "base64_data_uri",
  ],
  [
    "chat file_data as base64",
    { request: json(user({ type: "file", file: { filename: "a.pdf", file_data: base64(PDF) } })) },
    PDF,
    "application/pdf",
    "bytes",
  ],
  [
    "responses input_image",
    {
      endpoint: "responses",
      request: json({
        model: "m",
        input: [{ role: "user", content: [{ type: "input_image", image_url: dataUri(PNG, "image/png") }] }],
      }),
    },
    PNG,
    "image/png",
    "base64_data_uri",
  ],
  [
    "responses input_file",
    {
      endpoint: "responses",
      request: json({
        model: "m",
        input: [
          {
            role: "user",
            content: [{ type: "input_file", filename: "a.pdf", file_data: dataUri(PDF, "application/pdf") }],
          },
        ],
      }),
    },
    PDF,
    "application/pdf",
    "base64_data_uri",
  ],
  [
    "responses image_generation_call",
    {
      endpoint: "responses",
      answer: answer(
        JSON.stringify({
          id: "r",
          object: "response",
          status: "completed",
          output: [{ type: "image_generation_call", id: "ig", status: "completed", result: base64(PNG) }],
        }),
      ),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Anthropic image",
    {
      endpoint: "messages",
      request: json(
        user({ type: "image", source: { type: "base64", media_type: "image/png", data: base64(PNG) } }),
      ),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Anthropic document",
    {
      endpoint: "messages",
      request: json(
        user({
          type: "document",
          source: { type: "base64", media_type: "application/pdf", data: base64(PDF) },
        }),
      ),
    },
    PDF,
    "application/pdf",
    "bytes",
  ],
  [
    "Anthropic image in a tool's result",
    {
      endpoint: "messages",
      request: json(
        user({
          type: "tool_result",
          tool_use_id: "t",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: base64(PNG) } },
          ],
        }),
      ),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Gemini inlineData",
    {
      request: json({
        model: "m",
        messages: [{ role: "user", parts: [{ inlineData: { mimeType: "image/png", data: base64(PNG) } }] }],
      }),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Gemini inline_data in an answer",
    {
      answer: answer(
        JSON.stringify({
          candidates: [
            {
              content: {
                role: "model",
                parts: [{ inline_data: { mime_type: "image/png", data: base64(PNG) } }],
              },
              finishReason: "STOP",
            },
          ],
        }),
        { format: "gemini-generate-content" },
      ),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Bedrock bytes",
    { request: json(user({ image: { format: "png", source: { bytes: base64(PNG) } } })) },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "Bedrock document",
    { request: json(user({ document: { format: "pdf", name: "a", source: { bytes: base64(PDF) } } })) },
    PDF,
    "application/pdf",
    "bytes",
  ],
  [
    "images.generations b64_json",
    {
      endpoint: "images.generations",
      answer: answer(JSON.stringify({ created: 1, output_format: "png", data: [{ b64_json: base64(PNG) }] })),
    },
    PNG,
    "image/png",
    "bytes",
  ],
  [
    "chat audio answer",
    {
      answer: answer(
        JSON.stringify({
          id: "c",
          choices: [
            {
              index: 0,
              finish_reason: "stop",
              message: {
                role: "assistant",
                content: null,
                audio: { id: "a", data: base64(WAV), transcript: "hi", expires_at: 1 },
              },
            },
          ],
        }),
      ),
    },
    WAV,
    "audio/wav",
    "bytes",
  ],
  [
    "OpenRouter images of an answer",
    {
      answer: answer(
        JSON.stringify({
          id: "c",
          choices: [
            {
              index: 0,
              finish_reason: "stop",
              message: {
                role: "assistant",
                content: "x",
                images: [{ type: "image_url", image_url: { url: dataUri(PNG, "image/png") } }],
              },
            },
          ],
        }),
      ),
    },
    PNG,
    "image/png",
    "base64_data_uri",
  ],
  [
    "speech",
    { endpoint: "audio.speech", answer: answer(WAV, { headers: { "content-type": "audio/wav" } }) },
    WAV,
    "audio/wav",
    "bytes",
  ],
  [
    "a sound through the proxy",
    { endpoint: "proxy", answer: answer(WAV, { headers: { "content-type": "audio/x-wav" } }) },
    WAV,
    "audio/wav",
    "bytes",
  ],
  [
    "an undeclared list of images",
    { endpoint: "proxy", request: json({ model: "m", images: [base64(PNG)] }) },
    PNG,
    "image/png",
    "bytes",
  ],
];

describe("a file in a call", () => {
  test.each(CASES)(
    "%s becomes a reference to Langfuse's media, and is kept",
    (_, fields, bytes, type, source) => {
      const { text, media } = shown(fields);
      expect(text).toContain(JSON.stringify(reference(bytes, type, source)));
      expect(text).not.toContain(base64(bytes).slice(0, 100));
      expect(media).toHaveLength(1);
      expect(media[0]).toMatchObject({
        mediaType: type,
        sha256: createHash("sha256").update(bytes).digest("base64"),
      });
      expect(Buffer.compare(Buffer.from(media[0]?.content ?? []), bytes)).toBe(0);
    },
  );

  test.each(CASES)("%s becomes a placeholder where there are no media", (_, fields, bytes) => {
    const { text, media } = shown(fields, "placeholder");
    expect(media).toEqual([]);
    expect(text).not.toContain(base64(bytes).slice(0, 100));
    const { type, bytes: length, sha256 } = placeholder(bytes, "");
    expect(text).toContain(`"type":"${type}"`);
    expect(text).toContain(`"bytes":${length},"sha256":"${sha256}"`);
  });

  test("of a form becomes a reference", async () => {
    const form = new FormData();
    form.append("model", "whisper-1");
    form.append("file", new File([WAV], "a.wav", { type: "audio/wav" }));
    const request = new Request("http://localhost", { method: "POST", body: form });
    const { input, media } = shown({
      endpoint: "audio.transcriptions",
      request: {
        contentType: request.headers.get("content-type") ?? "",
        body: new Uint8Array(await request.arrayBuffer()),
      },
      answer: answer(JSON.stringify({ text: "hi" })),
    });
    expect(input).toBe(reference(WAV, "audio/wav", "bytes"));
    expect(media.map(({ field }) => field)).toEqual(["input"]);
  });

  test("inside a text is told in its place, and the text stays", () => {
    const content = `Look: ![x](${dataUri(PNG, "image/png")}) nice`;
    const fields = { request: json({ model: "m", messages: [{ role: "user", content }] }) };
    expect(shown(fields).text).toContain(
      `Look: ![x](${reference(PNG, "image/png", "base64_data_uri")}) nice`,
    );
    const { sha256, bytes } = placeholder(PNG, "image/png");
    expect(shown(fields, "placeholder").text).toContain(
      `Look: ![x]([media image/png, ${bytes} bytes, sha256 ${sha256}]) nice`,
    );
  });

  test("keeps its name in a placeholder", () => {
    const file = { filename: "report.pdf", file_data: dataUri(PDF, "application/pdf") };
    expect(shown({ request: json(user({ type: "file", file })) }, "placeholder").input).toMatchObject({
      messages: [
        {
          content: [{ file: { file_data: placeholder(PDF, "application/pdf", { filename: "report.pdf" }) } }],
        },
      ],
    });
  });

  test("is kept once, however often a conversation repeats it, and once for each side", () => {
    const part = { type: "image_url", image_url: { url: dataUri(PNG, "image/png") } };
    const message = { role: "assistant", content: "x", images: [part, part] };
    const { media } = shown({
      request: json(user(part, part, part)),
      answer: answer(JSON.stringify({ id: "c", choices: [{ index: 0, finish_reason: "stop", message }] })),
    });
    expect(media.map(({ field }) => field)).toEqual(["input", "output"]);
    expect(new Set(media.map((one: Media) => one.reference)).size).toBe(1);
  });

  test.each([
    [
      "of a type that Langfuse does not take",
      { type: "input_audio", input_audio: { data: base64(Buffer.alloc(3_000, 1)), format: "pcm16" } },
      "audio/pcm",
    ],
    [
      "above the limit",
      { type: "image_url", image_url: { url: dataUri(Buffer.alloc(MAX_MEDIA_BYTES + 1), "image/png") } },
      "image/png",
    ],
  ])("%s becomes a placeholder also for Langfuse", (_, part, type) => {
    const { text, media } = shown({ request: json(user(part)) });
    expect(media).toEqual([]);
    expect(text).toContain(`"media_type":"${type}"`);
  });
});

describe("what is no file", () => {
  test.each([
    ["a link to an image", { type: "image_url", image_url: { url: "https://example.com/a.png" } }],
    [
      "a document of plain text",
      { type: "document", source: { type: "text", media_type: "text/plain", data: "Hello" } },
    ],
    ["encrypted thinking", { type: "redacted_thinking", data: "EmwKAhgBEgy3va3pzix".repeat(100) }],
    ["a thought's signature", { type: "thinking", thinking: "…", signature: "A".repeat(4_000) }],
    [
      "encrypted reasoning of OpenRouter",
      { type: "reasoning.encrypted", data: "QUJD".repeat(500), format: "anthropic-claude-v1" },
    ],
    ["a long word", { type: "text", text: "A".repeat(5_000) }],
    [
      "a small data URI in the source of a page",
      { type: "text", text: 'See <img src="data:image/gif;base64,R0lGOD"> there' },
    ],
  ])("is left as it is: %s", (_, part) => {
    const call = observe(chatRecord({ request: json(user(part)) }));
    const result = showMedia(call, "langfuse");
    expect(result.media).toEqual([]);
    // The very same object: what has no file is not copied.
    expect(inputOf(result.call)).toBe(inputOf(call));
    expect(inputOf(call)).toMatchObject({ messages: [{ content: [part] }] });
  });

  test("any JSON comes out as it was when it holds no file", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const call = observe(
          chatRecord({ request: json({ model: "m", messages: [{ role: "user", content: value }] }) }),
        );
        expect(showMedia(call, "langfuse").call).toEqual(call);
      }),
    );
  });

  test("any bytes as a data URI come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), (bytes) => {
        const part = { type: "image_url", image_url: { url: dataUri(bytes, "image/webp") } };
        const { media } = shown({ request: json(user(part)) });
        expect(media.map(({ content }) => Buffer.from(content).toString("hex"))).toEqual([
          Buffer.from(bytes).toString("hex"),
        ]);
      }),
    );
  });
});
