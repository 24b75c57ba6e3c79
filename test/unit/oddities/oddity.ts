/** An oddity of provider traffic, and what must become of it: passed on as it is, read right, and carried into other formats. */
import { once } from "node:events";
import {
  type AssembledAnswer,
  assembleChatAnswer,
  assembleConverseAnswer,
  assembleGeminiAnswer,
  assembleMessagesAnswer,
  assembleResponsesAnswer,
  type Reading,
} from "@sluice/wire";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { startUpstream } from "../../support/upstream.ts";

/** A format that a provider answers in. */
export type Format =
  | "openai-chat"
  | "openai-responses"
  | "anthropic-messages"
  | "gemini-generate-content"
  | "bedrock-converse";

/** An answer of a provider. */
export interface Oddity {
  /** What is odd, in the words of the list of oddities. */
  readonly what: string;
  readonly format: Format;
  /** JSON, or a stream in the format's framing. */
  readonly body: Buffer;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the trace says of it; a caller of another format is told the same, as far as `carried` does not differ. */
  readonly says: object;
  /** What a caller of another format is told. `undefined` where the oddity means nothing to it. */
  readonly carried?: object;
}

/** The gateway, and a provider of each format behind it that gives whichever answer is due. */
export interface OddProvider {
  readonly gateway: TestGateway;
  /** From now on this is answered. */
  answer(oddity: Pick<Oddity, "body" | "status" | "headers" | "format">): void;
  stop(): Promise<void>;
}

/** How each format is asked for and read. */
const READERS: Readonly<
  Record<Format, (pieces: readonly Uint8Array[], status: number) => Reading<AssembledAnswer>>
> = {
  "openai-chat": assembleChatAnswer,
  "openai-responses": assembleResponsesAnswer,
  "anthropic-messages": assembleMessagesAnswer,
  "gemini-generate-content": assembleGeminiAnswer,
  "bedrock-converse": assembleConverseAnswer,
};

const FORMATS = Object.keys(READERS).filter((name): name is Format => name in READERS);

/** The formats that callers speak, and their least request. */
const CALLERS = {
  "openai-chat": {
    path: "/v1/chat/completions",
    body: { messages: [{ role: "user", content: "Hello?" }], stream_options: { include_usage: true } },
  },
  "openai-responses": { path: "/v1/responses", body: { input: "Hello?" } },
  "anthropic-messages": {
    path: "/v1/messages",
    body: { max_tokens: 100, messages: [{ role: "user", content: "Hello?" }] },
  },
} as const;

/** A format that callers speak. */
export type CallerFormat = keyof typeof CALLERS;

/** Starts both. */
export async function startOddProvider(): Promise<OddProvider> {
  const upstream = await startUpstream((_request, response) => void response.destroy());
  const gateway = await startGateway({
    apiKeys: Object.fromEntries(FORMATS.map((format) => [format, "sk-provider"])),
    config: {
      providers: Object.fromEntries(
        FORMATS.map((format) => [format, { baseUrl: upstream.baseUrl, speaks: [format] }]),
      ),
    },
  });
  return {
    gateway,
    answer({ body, status = 200, headers, format }) {
      upstream.answer = async (_request, response) => {
        response.writeHead(status, { "content-type": contentType(body, format), ...headers });
        if (!response.write(body)) await once(response, "drain");
        response.end();
      };
    },
    async stop() {
      await gateway.stop();
      await upstream.stop();
    },
  };
}

/** A call's answer as its caller got it. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  /** Throws for a body that is none of the caller's format. */
  readonly reading: AssembledAnswer;
}

/** Calls the provider of a format as a caller of a format does. Formats without an endpoint are reached by their passage. */
export async function call(
  { gateway }: OddProvider,
  provider: Format,
  caller: Format,
  stream: boolean,
): Promise<Received> {
  const asked = isCallerFormat(caller) ? CALLERS[caller] : { path: `/proxy/${provider}/answer`, body: {} };
  const answer = await fetch(gateway.url + asked.path, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.secret}`, "content-type": "application/json" },
    body: JSON.stringify({ model: `${provider}/model-1`, ...asked.body, stream }),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    headers: answer.headers,
    body,
    get reading() {
      return read(caller, body, answer.status);
    },
  };
}

/** What the flusher reads of the last call. */
export function recorded(
  { gateway }: OddProvider,
  format: Format,
): { body: Buffer; reading: AssembledAnswer } {
  const answer = gateway.records.at(-1)?.answer;
  const body = Buffer.from(answer?.body ?? []);
  return { body, reading: read(format, body, answer?.status ?? 0) };
}

/** The formats that an answer of this one is translated into. */
export function callersOf(format: Format): readonly CallerFormat[] {
  return Object.keys(CALLERS).filter((name): name is CallerFormat => isCallerFormat(name) && name !== format);
}

function isCallerFormat(name: string): name is CallerFormat {
  return name in CALLERS;
}

/** Whether a body is a stream, whatever its framing. */
export function isStream(body: Buffer): boolean {
  return !/^\s*[[{<]/.test(body.toString("utf8")) && body.length > 0;
}

function read(format: Format, body: Buffer, status: number): AssembledAnswer {
  const reading = READERS[format]([body], status);
  if (!reading.ok) throw new Error(`${reading.reason} ${body.toString("utf8")}`);
  return reading.value;
}

function contentType(body: Buffer, format: Format): string {
  if (!isStream(body)) return "application/json";
  return format === "bedrock-converse" ? "application/vnd.amazon.eventstream" : "text/event-stream";
}
