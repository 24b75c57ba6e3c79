/** Speech as OpenAI makes it: a quiet tone as long as the text would take, in the forms that need no codec. */
import type { DemoAnswer } from "./answer.ts";
import { apiError, errorOnRequest } from "./api-error.ts";
import { countTokens } from "./tokens.ts";

interface RawRequest {
  readonly model?: unknown;
  readonly input?: unknown;
  readonly voice?: unknown;
  readonly response_format?: unknown;
  readonly stream_format?: unknown;
}

/** OpenAI's PCM: 24 kHz, 16 bits, one channel. */
const SAMPLES_PER_SECOND = 24_000;
const BYTES_PER_SAMPLE = 2;
/** Speaking takes so long, seconds for each character, up to a limit that keeps answers small. */
const SECONDS_PER_CHARACTER = 0.06;
const MOST_SECONDS = 5;
const TONE_HZ = 220;
const TONE_HEIGHT = 3_000;
/** The API's own limit. */
const MAX_CHARACTERS = 4096;
/** Seconds of sound that are counted as a token; about OpenAI's number. */
const SECONDS_PER_TOKEN = 0.05;
/** Bytes of sound in an event. */
const EVENT_BYTES = 16_384;

const SOUNDS: Readonly<
  Record<string, { readonly type: string; readonly make: (seconds: number) => Buffer }>
> = {
  mp3: { type: "audio/mpeg", make: silentMp3 },
  pcm: { type: "audio/pcm", make: tone },
  wav: { type: "audio/wav", make: (seconds) => inWav(tone(seconds)) },
};

/** The answer to a request. Throws `ApiError` where OpenAI refuses it, or the form needs a codec. */
export function speech(body: unknown): DemoAnswer {
  const { model, input, voice, response_format = "mp3", stream_format } = body as RawRequest;
  for (const [param, value] of Object.entries({ model, input, voice })) {
    if (value === undefined) throw apiError(400, `Missing required parameter: '${param}'.`, { param });
  }
  if (typeof model !== "string" || typeof input !== "string") {
    throw apiError(400, "'model' and 'input' are texts.");
  }
  if (input.length > MAX_CHARACTERS) {
    throw apiError(400, `'input' has at most ${MAX_CHARACTERS} characters.`, { param: "input" });
  }
  const asked = errorOnRequest(model, input);
  if (asked) throw asked;
  const form = SOUNDS[String(response_format)];
  if (!form) {
    throw apiError(400, `The demo model speaks in ${Object.keys(SOUNDS).join(", ")} only.`, {
      param: "response_format",
    });
  }
  const seconds = Math.min(MOST_SECONDS, input.length * SECONDS_PER_CHARACTER);
  const sound = form.make(seconds);
  if (stream_format !== "sse") return { kind: "bytes", contentType: form.type, body: sound };
  const pieces = Array.from({ length: Math.ceil(sound.length / EVENT_BYTES) }, (_, index) =>
    sound.subarray(index * EVENT_BYTES, (index + 1) * EVENT_BYTES),
  );
  const inputTokens = countTokens(input);
  const outputTokens = Math.ceil(seconds / SECONDS_PER_TOKEN);
  const usage = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  return {
    kind: "events",
    events: [
      ...pieces.map((piece) => ({ type: "speech.audio.delta", audio: piece.toString("base64") })),
      { type: "speech.audio.done", usage },
    ],
  };
}

function tone(seconds: number): Buffer {
  const sound = Buffer.alloc(Math.ceil(seconds * SAMPLES_PER_SECOND) * BYTES_PER_SAMPLE);
  for (let at = 0; at < sound.length; at += BYTES_PER_SAMPLE) {
    const atSeconds = at / BYTES_PER_SAMPLE / SAMPLES_PER_SECOND;
    sound.writeInt16LE(Math.round(TONE_HEIGHT * Math.sin(2 * Math.PI * TONE_HZ * atSeconds)), at);
  }
  return sound;
}

/** PCM with the header of a RIFF file. */
function inWav(sound: Buffer): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + sound.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLES_PER_SECOND, 24);
  header.writeUInt32LE(SAMPLES_PER_SECOND * BYTES_PER_SAMPLE, 28);
  header.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  header.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(sound.length, 40);
  return Buffer.concat([header, sound]);
}

/** Frames of 128 kbit/s at 44.1 kHz in one channel, whose side information says that there is nothing (ISO/IEC 11172-3). */
function silentMp3(seconds: number): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0xc4]);
  const secondsPerFrame = 1152 / 44_100;
  return Buffer.concat(
    Array.from({ length: Math.max(1, Math.ceil(seconds / secondsPerFrame)) }, () => frame),
  );
}
