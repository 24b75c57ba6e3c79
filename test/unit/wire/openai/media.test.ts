import { createHash } from "node:crypto";
import {
  assembleImagesAnswer,
  assembleModerationsAnswer,
  assembleRerankAnswer,
  assembleSpeechAnswer,
  assembleTranscriptionsAnswer,
  readImagesRequest,
  readModerationsRequest,
  readPlainAnswer,
  readRerankRequest,
  readSpeechRequest,
  readTranscriptionsRequest,
} from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const json = (value: unknown) => [Buffer.from(JSON.stringify(value))];
const sse = (...events: readonly object[]) => [
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")),
];
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The form as undici and the official SDKs send it. */
async function form(entries: readonly (readonly [string, string | File])[]) {
  const data = new FormData();
  for (const [name, value] of entries) data.append(name, value);
  const request = new Request("http://localhost", { method: "POST", body: data });
  return {
    contentType: request.headers.get("content-type") ?? "",
    body: new Uint8Array(await request.arrayBuffer()),
  };
}

describe("a transcription's request", () => {
  it("shows its fields, and the file by type, size and hash", async () => {
    const sound = Buffer.from("\r\n--not the boundary\r\n\r\n\0\u00ff", "latin1");
    const { body, contentType } = await form([
      ["model", "whisper-1"],
      ["file", new File([sound], "a.mp3", { type: "audio/mpeg" })],
      ["prompt", "Grüße"],
      ["language", "de"],
      ["timestamp_granularities[]", "word"],
      ["timestamp_granularities[]", "segment"],
    ]);
    const expected = {
      ok: true,
      value: {
        model: "whisper-1",
        input: {
          file: {
            type: "media",
            media_type: "audio/mpeg",
            bytes: sound.length,
            sha256: sha256(sound),
            filename: "a.mp3",
          },
          prompt: "Grüße",
        },
        parameters: { language: "de", timestamp_granularities: ["word", "segment"] },
      },
    };
    expect(readTranscriptionsRequest(body, contentType)).toEqual(expected);
    expect(readTranscriptionsRequest(body), "known by its first line").toEqual(expected);
  });

  it("is read whatever its fields hold, and never throws when it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ unit: "grapheme" }).map((text) => text.replace(/\r\n|\r|\n/g, " ")),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (bytes, prompt, share) => {
          const { body, contentType } = await form([
            ["file", new File([new Uint8Array(bytes)], "a", { type: "audio/wav" })],
            ["prompt", prompt],
          ]);
          const read = readTranscriptionsRequest(body, contentType);
          expect(read).toMatchObject({
            value: { input: { file: { bytes: bytes.length, sha256: sha256(bytes) }, prompt } },
          });
          readTranscriptionsRequest(body.subarray(0, Math.floor(share * body.length)), contentType);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is unread when it is no form", () => {
    expect(readTranscriptionsRequest(Buffer.from("x"), "multipart/form-data; boundary=y").ok).toBe(false);
  });
});

describe("a transcription's answer", () => {
  const usage = {
    type: "tokens",
    input_tokens: 14,
    input_token_details: { text_tokens: 4, audio_tokens: 10 },
    output_tokens: 5,
    total_tokens: 19,
  };

  it.each([
    ["json", "application/json", '{"text":"Hi."}', { text: "Hi." }],
    [
      "verbose_json",
      "application/json",
      '{"task":"transcribe","duration":1.5,"text":"Hi.","segments":[{"id":0}]}',
      { task: "transcribe", duration: 1.5, text: "Hi.", segments: [{ id: 0 }] },
    ],
    ["text", "text/plain", "data: is plural.\n", "data: is plural.\n"],
    ["text that is a number", "text/plain", "42", "42"],
    [
      "srt",
      "application/x-subrip",
      "1\n00:00:00,000 --> 00:00:01,000\nHi.\n",
      "1\n00:00:00,000 --> 00:00:01,000\nHi.\n",
    ],
    [
      "vtt",
      undefined,
      "WEBVTT\n\n00:00.000 --> 00:01.000\nHi.\n",
      "WEBVTT\n\n00:00.000 --> 00:01.000\nHi.\n",
    ],
  ])("is shown: %s", (_, contentType, body, output) => {
    const read = assembleTranscriptionsAnswer([Buffer.from(body)], 200, contentType);
    expect(read).toMatchObject({ ok: true, value: { choices: [], output } });
  });

  it("tells its usage, sound apart; seconds in the raw object", () => {
    expect(assembleTranscriptionsAnswer(json({ text: "", usage }), 200)).toMatchObject({
      value: { usage: { inputTokens: 14, inputAudioTokens: 10, outputTokens: 5, totalTokens: 19 } },
    });
    const bySeconds = assembleTranscriptionsAnswer(
      json({ text: "", usage: { type: "duration", seconds: 9 } }),
      200,
    );
    expect(bySeconds).toMatchObject({ value: { rawUsage: { seconds: 9 } } });
    expect(bySeconds.ok && bySeconds.value.usage).toBeUndefined();
  });

  it("is put together from events, whole or broken off", () => {
    const deltas = [
      { type: "transcript.text.delta", delta: "Hi" },
      { type: "transcript.text.delta", delta: " there" },
    ];
    const done = { type: "transcript.text.done", text: "Hi there.", usage };
    const whole = assembleTranscriptionsAnswer(sse(...deltas, done), 200);
    expect(whole).toMatchObject({ value: { output: { text: "Hi there." }, usage: { inputTokens: 14 } } });
    expect(whole.ok && whole.value.truncated).toBeUndefined();
    expect(assembleTranscriptionsAnswer(sse(...deltas), 200)).toMatchObject({
      value: { output: { text: "Hi there" }, truncated: "The stream ended without transcript.text.done." },
    });
  });

  it("is an error from status 400 on, JSON or not", () => {
    expect(assembleTranscriptionsAnswer(json({ error: { message: "No." } }), 400)).toMatchObject({
      value: { error: { message: "No." } },
    });
    expect(assembleTranscriptionsAnswer([Buffer.from("Too large")], 413)).toMatchObject({
      value: { error: { message: "Too large" } },
    });
  });
});

describe("speech", () => {
  const sound = Buffer.from([0xff, 0xfb, 0x90, 0x00]);

  it("is asked for with a text and a voice", () => {
    const body = Buffer.from('{"model":"tts-1","input":"Hi.","voice":"alloy","speed":1}');
    expect(readSpeechRequest(body)).toEqual({
      ok: true,
      value: { model: "tts-1", input: "Hi.", parameters: { voice: "alloy", speed: 1 } },
    });
  });

  it("is shown by type, size and hash, however it is cut", () => {
    const pieces = [sound.subarray(0, 1), sound.subarray(1)];
    expect(assembleSpeechAnswer(pieces, 200, "audio/mpeg; x=1")).toMatchObject({
      value: { output: { type: "media", media_type: "audio/mpeg", bytes: 4, sha256: sha256(sound) } },
    });
  });

  it("may come in events, with its usage", () => {
    const read = assembleSpeechAnswer(
      sse(
        { type: "speech.audio.delta", audio: sound.toString("base64") },
        { type: "speech.audio.done", usage: { input_tokens: 2, output_tokens: 3, total_tokens: 5 } },
      ),
      200,
      "text/event-stream",
    );
    expect(read).toMatchObject({
      value: { output: { bytes: 4, sha256: sha256(sound) }, usage: { totalTokens: 5 } },
    });
  });

  it.each([
    [400, "application/json"],
    [200, "application/json"],
    [200, undefined],
  ])("is an error where it holds one: %s %s", (status, contentType) => {
    const read = assembleSpeechAnswer(json({ error: { message: "No voice." } }), status, contentType);
    expect(read).toMatchObject({ value: { error: { message: "No voice." } } });
  });
});

describe("images", () => {
  const usage = {
    input_tokens: 10,
    input_tokens_details: { text_tokens: 10, image_tokens: 0 },
    output_tokens: 20,
    total_tokens: 30,
  };

  it("are asked for with a prompt", () => {
    expect(readImagesRequest(Buffer.from('{"model":"gpt-image-1","prompt":"A cat","size":"1x1"}'))).toEqual({
      ok: true,
      value: { model: "gpt-image-1", input: "A cat", parameters: { size: "1x1" } },
    });
  });

  it("come with their usage", () => {
    const body = { created: 5, data: [{ url: "https://a.example/1.png", revised_prompt: "A cat." }], usage };
    expect(assembleImagesAnswer(json(body), 200)).toMatchObject({
      value: { createdAtS: 5, output: { data: body.data }, usage: { inputTokens: 10, outputTokens: 20 } },
    });
  });

  it("come in events, of which the drafts are counted", () => {
    const draft = { type: "image_generation.partial_image", b64_json: "AAAA", partial_image_index: 0 };
    const done = { type: "image_generation.completed", b64_json: "AAAB", size: "1x1", usage };
    expect(assembleImagesAnswer(sse(draft, draft, done), 200)).toMatchObject({
      value: {
        output: { data: [{ b64_json: "AAAB", size: "1x1" }], partial_images: 2 },
        usage: { totalTokens: 30 },
      },
    });
    expect(assembleImagesAnswer(sse(draft), 200)).toMatchObject({
      value: { truncated: "The stream ended without a finished image." },
    });
  });
});

describe("moderations and rankings", () => {
  it("say first what was flagged, and as what", () => {
    const results = [
      {
        flagged: true,
        categories: { violence: true, hate: false },
        category_scores: { violence: 0.9, hate: 0 },
      },
      { flagged: false, categories: { violence: false, hate: false } },
    ];
    expect(readModerationsRequest(Buffer.from('{"model":"m","input":["a","b"]}'))).toMatchObject({
      value: { model: "m", input: ["a", "b"] },
    });
    expect(assembleModerationsAnswer(json({ id: "modr-1", model: "m", results }), 200)).toMatchObject({
      value: {
        id: "modr-1",
        model: "m",
        output: { flagged: true, flagged_categories: ["violence"], results },
      },
    });
  });

  it("give the order of the passages, and what is billed in each provider's words", () => {
    const results = [{ index: 1, relevance_score: 0.9 }];
    const request = { model: "rerank-v3.5", query: "q", documents: ["a", "b"], top_n: 1 };
    expect(readRerankRequest(Buffer.from(JSON.stringify(request)))).toEqual({
      ok: true,
      value: { model: "rerank-v3.5", input: { query: "q", documents: ["a", "b"] }, parameters: { top_n: 1 } },
    });
    expect(
      assembleRerankAnswer(json({ id: "1", results, meta: { billed_units: { search_units: 1 } } }), 200),
      "Cohere",
    ).toMatchObject({ value: { id: "1", output: { results }, rawUsage: { search_units: 1 } } });
    expect(
      assembleRerankAnswer(json({ model: "j", results, usage: { total_tokens: 8 } }), 200),
      "Jina",
    ).toMatchObject({ value: { model: "j", usage: { totalTokens: 8 }, rawUsage: { total_tokens: 8 } } });
  });
});

describe("a body of an unknown operation", () => {
  it("is shown as it is, a file by its hash, and a stream by its events", () => {
    expect(readPlainAnswer(json({ id: "x", status: "ok" }), 200)).toMatchObject({
      value: { id: "x", output: { status: "ok" } },
    });
    expect(readPlainAnswer(json([1, 2]), 200)).toMatchObject({ value: { output: [1, 2] } });
    expect(readPlainAnswer([Buffer.from("%PDF")], 200, "application/pdf")).toMatchObject({
      value: { output: { media_type: "application/pdf", bytes: 4 } },
    });
    expect(readPlainAnswer(sse({ a: 1 }, { usage: { total_tokens: 3 } }), 200)).toMatchObject({
      value: { output: [{ a: 1 }, { usage: { total_tokens: 3 } }], usage: { totalTokens: 3 } },
    });
  });
});
