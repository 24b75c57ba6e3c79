/** Transcriptions as OpenAI makes them: the demo model hears nothing, and says what file it was given. */
import type { DemoAnswer } from "./answer.ts";
import { apiError, errorOnRequest } from "./api-error.ts";
import { countTokens, toTokens } from "./tokens.ts";

/** Bytes that are counted as a second, which is right for 128 kbit/s. */
const BYTES_PER_SECOND = 16_000;
/** Tokens of a second of sound; about OpenAI's number. */
const TOKENS_PER_SECOND = 10;

/** The answer to a form. Throws `ApiError` where OpenAI refuses it. */
export function transcription(form: FormData): DemoAnswer {
  const model = form.get("model");
  const file = form.get("file");
  if (typeof model !== "string" || model === "") {
    throw apiError(400, "you must provide a model parameter", { param: "model" });
  }
  if (file === null || typeof file === "string") {
    throw apiError(400, "Missing required parameter: 'file'.", { param: "file" });
  }
  const prompt = form.get("prompt");
  const asked = errorOnRequest(model, typeof prompt === "string" ? prompt : "");
  if (asked) throw asked;
  const text = `The demo model hears nothing. It was given ${file.name}, ${file.size} bytes.`;
  const seconds = Math.max(1, Math.ceil(file.size / BYTES_PER_SECOND));
  const format = form.get("response_format") ?? "json";
  const isWhisper = model.startsWith("whisper");
  const usage = isWhisper ? { type: "duration", seconds } : tokens(text, seconds);
  // As at OpenAI, the older model does not stream.
  if (form.get("stream") === "true" && !isWhisper) {
    const deltas = toTokens(text).map((delta) => ({ type: "transcript.text.delta", delta }));
    return { kind: "events", events: [...deltas, { type: "transcript.text.done", text, usage }] };
  }
  const end = clock(seconds);
  switch (format) {
    case "json":
      return { kind: "json", body: { text, usage } };
    case "verbose_json":
      return {
        kind: "json",
        body: {
          task: "transcribe",
          language: "english",
          duration: seconds,
          text,
          segments: [{ id: 0, start: 0, end: seconds, text }],
          usage,
        },
      };
    case "text":
      return plain(`${text}\n`);
    case "srt":
      return plain(`1\n00:00:00,000 --> ${end},000\n${text}\n\n`);
    case "vtt":
      return plain(`WEBVTT\n\n00:00:00.000 --> ${end}.000\n${text}\n\n`);
    default:
      throw apiError(400, "Invalid 'response_format'.", { param: "response_format" });
  }
}

function plain(body: string): DemoAnswer {
  return { kind: "bytes", contentType: "text/plain; charset=utf-8", body };
}

function tokens(text: string, seconds: number) {
  const inputTokens = seconds * TOKENS_PER_SECOND;
  const outputTokens = countTokens(text);
  return {
    type: "tokens",
    input_tokens: inputTokens,
    input_token_details: { text_tokens: 0, audio_tokens: inputTokens },
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** Hours, minutes and seconds. */
function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return [two(seconds / 3600), two((seconds / 60) % 60), two(seconds % 60)].join(":");
}
