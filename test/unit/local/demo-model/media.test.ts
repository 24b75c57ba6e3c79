import { inflateSync } from "node:zlib";
import OpenAI, { toFile } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { startDemoModel } from "../../../../packages/local/src/demo-model/server.ts";

async function demo() {
  const model = await startDemoModel({ chunkIntervalMs: 0 });
  onTestFinished(() => model.close());
  const url = `${model.url}/openai/v1`;
  return { openai: new OpenAI({ apiKey: "demo", baseURL: url, maxRetries: 0 }), url };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Size and first pixel of a PNG. */
function pictured(base64 = "") {
  const png = Buffer.from(base64, "base64");
  expect(png.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  const pixels = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20), pixel: [...pixels.subarray(1, 4)] };
}

const file = () => toFile(Buffer.alloc(32_000), "hello.wav", { type: "audio/wav" });

describe("images", () => {
  it("have the size that was asked for, a colour by the prompt, and usage", async () => {
    const { openai } = await demo();
    const ask = (prompt: string) =>
      openai.images.generate({ model: "gpt-image-1", prompt, size: "1536x1024", n: 2 });
    const [cat, again, dog] = [await ask("a cat"), await ask("a cat"), await ask("a dog")];

    const [first, second] = (cat.data ?? []).map(({ b64_json }) => pictured(b64_json));
    expect(first).toMatchObject({ width: 1536, height: 1024 });
    expect(second?.pixel).not.toEqual(first?.pixel);
    expect(again.data).toEqual(cat.data);
    expect(pictured(dog.data?.[0]?.b64_json).pixel).not.toEqual(first?.pixel);
    expect(cat.usage).toMatchObject({ input_tokens: 2, output_tokens: 3072, total_tokens: 3074 });
  });

  it("of the older models are addresses unless bytes are asked for", async () => {
    const { openai } = await demo();
    const request = { model: "dall-e-3", prompt: "a cat" };
    expect((await openai.images.generate(request)).data?.[0]?.url).toMatch(/^data:image\/png;base64,/);
    const { data } = await openai.images.generate({ ...request, response_format: "b64_json" });
    expect(pictured(data?.[0]?.b64_json)).toMatchObject({ width: 1024, height: 1024 });
  });

  it("are streamed on request", async () => {
    const { openai } = await demo();
    const stream = await openai.images.generate({ model: "gpt-image-1", prompt: "a cat", stream: true });
    expect(await collect(stream)).toMatchObject([
      { type: "image_generation.completed", usage: { input_tokens: 2 } },
    ]);
  });

  it.each([
    ["no prompt", { prompt: "" }],
    ["a size that is none", { prompt: "a cat", size: "huge" as "1024x1024" }],
    ["eleven of them", { prompt: "a cat", n: 11 }],
  ])("are refused for %s", async (_what, request) => {
    const { openai } = await demo();
    await expect(openai.images.generate({ model: "gpt-image-1", ...request })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe("speech", () => {
  const request = { model: "gpt-4o-mini-tts", input: "Hello there", voice: "alloy" as const };

  it("is a WAV file as long as the text, or its samples alone, or MP3", async () => {
    const { openai } = await demo();
    const make = async (response_format: "mp3" | "pcm" | "wav") => {
      const response = await openai.audio.speech.create({ ...request, response_format });
      return { type: response.headers.get("content-type"), body: Buffer.from(await response.arrayBuffer()) };
    };
    const [wav, pcm, mp3] = [await make("wav"), await make("pcm"), await make("mp3")];

    expect(wav.type).toBe("audio/wav");
    expect(wav.body.subarray(44)).toEqual(pcm.body);
    expect(wav.body.readUInt32LE(40)).toBe(pcm.body.length);
    // 24,000 samples of two bytes a second.
    expect(pcm.body.length / 48_000).toBeCloseTo(0.66);
    expect(mp3.type).toBe("audio/mpeg");
    // Whole frames of 26 ms.
    expect(mp3.body.length).toBe(417 * 26);
    expect(mp3.body.readUInt16BE(417)).toBe(0xfffb);
  });

  it("comes in events on request, with usage", async () => {
    const { url } = await demo();
    const response = await fetch(`${url}/audio/speech`, {
      method: "POST",
      body: JSON.stringify({ ...request, response_format: "pcm", stream_format: "sse" }),
    });
    const events = (await response.text())
      .trim()
      .split("\n\n")
      .map((event) => JSON.parse(event.replace(/^data: /, "")) as Record<string, string>);
    expect(events.at(-1)).toMatchObject({ type: "speech.audio.done", usage: { input_tokens: 2 } });
    const sound = Buffer.concat(events.slice(0, -1).map(({ audio = "" }) => Buffer.from(audio, "base64")));
    expect(sound).toHaveLength(31_680);
  });

  it("is refused in a form that needs a codec, and without a voice", async () => {
    const { openai } = await demo();
    const opus = openai.audio.speech.create({ ...request, response_format: "opus" });
    await expect(opus).rejects.toThrow(/mp3, pcm, wav/);
    const mute = openai.audio.speech.create({ ...request, voice: undefined as unknown as "alloy" });
    await expect(mute).rejects.toThrow(/voice/);
  });
});

describe("a transcription", () => {
  it("names the file, with usage by the model's way of counting", async () => {
    const { openai } = await demo();
    const heard = await openai.audio.transcriptions.create({
      model: "gpt-4o-transcribe",
      file: await file(),
    });
    expect(heard.text).toContain("hello.wav, 32000 bytes");
    expect(heard.usage).toMatchObject({ type: "tokens", input_tokens: 20 });
    const older = await openai.audio.transcriptions.create({ model: "whisper-1", file: await file() });
    expect(older.usage).toEqual({ type: "duration", seconds: 2 });
  });

  it.each([
    ["text", /^The demo model.+\n$/],
    ["srt", /^1\n00:00:00,000 --> 00:00:02,000\nThe demo/],
    ["vtt", /^WEBVTT\n\n00:00:00\.000 --> 00:00:02\.000\nThe demo/],
  ] as const)("comes as %s", async (response_format, text) => {
    const { openai } = await demo();
    const request = { model: "whisper-1", file: await file(), response_format };
    expect(await openai.audio.transcriptions.create(request)).toMatch(text);
  });

  it("is streamed on request, the whole at its end", async () => {
    const { openai } = await demo();
    const request = { model: "gpt-4o-transcribe", file: await file(), stream: true } as const;
    const events = await collect(await openai.audio.transcriptions.create(request));
    const deltas = events.flatMap((event) => (event.type === "transcript.text.delta" ? [event.delta] : []));
    expect(events.at(-1)).toMatchObject({ type: "transcript.text.done", text: deltas.join("") });
    expect(deltas.length).toBeGreaterThan(5);
  });

  it("is refused without a file, and for a body that is no form", async () => {
    const { url } = await demo();
    const form = new FormData();
    form.set("model", "whisper-1");
    const ask = (body: FormData | string) => fetch(`${url}/audio/transcriptions`, { method: "POST", body });
    expect((await ask(form)).status).toBe(400);
    expect((await ask("{}")).status).toBe(400);
  });
});

describe("moderations", () => {
  it("flag what has a word of a category", async () => {
    const { openai } = await demo();
    const { results } = await openai.moderations.create({
      input: ["Good morning", "I will kill the process"],
    });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories).toMatchObject({ violence: true, hate: false });
    expect(results[1]?.category_scores.violence).toBeGreaterThan(0.5);
  });

  it("judge the parts of a message together", async () => {
    const { openai } = await demo();
    const input = [
      { type: "image_url" as const, image_url: { url: "data:image/png;base64,AA==" } },
      { type: "text" as const, text: "a stupid picture" },
    ];
    expect((await openai.moderations.create({ input })).results).toMatchObject([
      { flagged: true, categories: { harassment: true } },
    ]);
  });
});

describe("a ranking", () => {
  it("puts documents first that have more of the query's words", async () => {
    const { url } = await demo();
    const documents = ["bread and butter", "the capital of France is Paris", "a capital idea"];
    const ask = async (more: object) => {
      const body = JSON.stringify({ model: "rerank-v3.5", query: "capital of France", documents, ...more });
      const response = await fetch(`${url}/rerank`, { method: "POST", body });
      return { status: response.status, answer: (await response.json()) as { results: unknown } };
    };
    expect((await ask({})).answer).toMatchObject({
      results: [{ index: 1, relevance_score: 1 }, { index: 2 }, { index: 0, relevance_score: 0 }],
      meta: { billed_units: { search_units: 1 } },
    });
    expect((await ask({ top_n: 1, return_documents: true })).answer.results).toEqual([
      { index: 1, relevance_score: 1, document: { text: documents[1] } },
    ]);
    expect((await ask({ documents: [] })).status).toBe(400);
  });
});
