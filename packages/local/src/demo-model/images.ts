/** Images as OpenAI makes them: a PNG of the size that was asked for, in a colour that follows from the prompt. */
import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";
import type { DemoAnswer } from "./answer.ts";
import { apiError, errorOnRequest } from "./api-error.ts";
import { countTokens } from "./tokens.ts";

interface RawRequest {
  readonly model?: unknown;
  readonly prompt?: unknown;
  readonly n?: unknown;
  readonly size?: unknown;
  readonly response_format?: unknown;
  readonly stream?: unknown;
}

const DEFAULT_MODEL = "dall-e-2";
const DEFAULT_SIDE = 1024;
/** The API's own limit. */
const MAX_IMAGES = 10;
/** Largest side, pixels: more is not OpenAI's, and would be a burden to make. */
const MAX_SIDE = 2048;
/** Pixels that are counted as a token; OpenAI's own table is by quality. */
const PIXELS_PER_TOKEN = 1024;

/** The answer to a request. Throws `ApiError` where OpenAI refuses it. */
export function images(body: unknown, nowMs: number): DemoAnswer {
  const { model = DEFAULT_MODEL, prompt, n = 1, size, response_format, stream } = body as RawRequest;
  if (typeof model !== "string") throw apiError(400, "Invalid type for 'model'.", { param: "model" });
  if (typeof prompt !== "string" || prompt === "") {
    throw apiError(400, "Missing required parameter: 'prompt'.", { param: "prompt" });
  }
  if (!Number.isInteger(n) || Number(n) < 1 || Number(n) > MAX_IMAGES) {
    throw apiError(400, `Invalid 'n': it is a whole number from 1 to ${MAX_IMAGES}.`, { param: "n" });
  }
  const asked = errorOnRequest(model, prompt);
  if (asked) throw asked;
  const { width, height } = readSize(size);
  const count = Number(n);
  const made = Array.from({ length: count }, (_, index) => picture(`${prompt}\n${index}`, width, height));
  const created = Math.floor(nowMs / 1000);
  const inputTokens = countTokens(prompt);
  const outputTokens = count * Math.ceil((width * height) / PIXELS_PER_TOKEN);
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { text_tokens: inputTokens, image_tokens: 0 },
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const details = { output_format: "png", quality: "low", size: `${width}x${height}`, background: "opaque" };
  if (stream === true) {
    const events = made.map((b64_json) => ({
      type: "image_generation.completed",
      b64_json,
      created_at: created,
      ...details,
      usage,
    }));
    return { kind: "events", events };
  }
  // Only the models of the gpt-image family tell tokens, and they always give the bytes.
  if (model.startsWith("gpt-image")) {
    return {
      kind: "json",
      body: { created, data: made.map((b64_json) => ({ b64_json })), ...details, usage },
    };
  }
  const data = made.map((b64_json) =>
    response_format === "b64_json" ? { b64_json } : { url: `data:image/png;base64,${b64_json}` },
  );
  return { kind: "json", body: { created, data } };
}

function readSize(size: unknown): { readonly width: number; readonly height: number } {
  if (size === undefined || size === null || size === "auto") {
    return { width: DEFAULT_SIDE, height: DEFAULT_SIDE };
  }
  const [, width = 0, height = 0] = (/^(\d+)x(\d+)$/.exec(typeof size === "string" ? size : "") ?? []).map(
    Number,
  );
  const fits = (side: number) => side > 0 && side <= MAX_SIDE;
  if (fits(width) && fits(height)) return { width, height };
  throw apiError(400, `Invalid 'size': it is <width>x<height>, each up to ${MAX_SIDE}.`, { param: "size" });
}

/** A PNG of one colour, in base64 (W3C, "Portable Network Graphics"). */
function picture(seed: string, width: number, height: number): string {
  const [red = 0, green = 0, blue = 0] = createHash("sha256").update(seed).digest();
  const row = Buffer.alloc(1 + 3 * width);
  for (let at = 1; at < row.length; at += 3) row.set([red, green, blue], at);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)), { level: 1 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]).toString("base64");
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
