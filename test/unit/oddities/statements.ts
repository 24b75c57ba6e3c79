/**
 * The list of what real provider traffic does, statement by statement, and the tests that show each: in the pipe (the trace
 * included) and in translation. Every row of `usage.ts`, `content.ts` and `transport.ts` is shown in both by `answers.test.ts`.
 */

/** A file below `test/`, and words that stand in it. */
export type Place = readonly [file: string, words: string];

/** A statement of the list. */
export interface Statement {
  readonly says: string;
  readonly pipe: readonly Place[];
  readonly translation: readonly Place[];
}

const USAGE = "unit/oddities/usage.ts";
const CONTENT = "unit/oddities/content.ts";
const TRANSPORT = "unit/oddities/transport.ts";
const ERRORS = "unit/oddities/errors.test.ts";
const REQUESTS = "unit/oddities/requests.test.ts";
const CLIENTS = "unit/clients/official-clients.test.ts";
const PAIRS = "unit/translate/corpus-pairs.test.ts";

/** Shown for both by one row of the three tables. */
function both(says: string, file: string, ...words: readonly string[]): Statement {
  const places = words.map((word): Place => [file, word]);
  return { says, pipe: places, translation: places };
}

/** In the order of the list. */
export const STATEMENTS: readonly Statement[] = [
  both(
    "Anthropic's usage is cumulative, and may come at the end only",
    USAGE,
    "is cumulative",
    "in the last event only",
  ),
  both("Its split of cache writes is in the start alone", USAGE, "split of cache writes"),
  {
    says: "Its iterations are billed row by row",
    pipe: [
      [USAGE, "usage.iterations"],
      ["unit/flusher/bill-messages.test.ts", "has a compaction in it"],
    ],
    translation: [
      [USAGE, "usage.iterations"],
      ["unit/flusher/bill-messages.test.ts", "has each model's calls at that model's price"],
    ],
  },
  both(
    "OpenAI's usage chunk, null after it, none unasked",
    USAGE,
    "one may carry usage null",
    "without include_usage",
  ),
  both("Azure's first chunk; ids that change", USAGE, "Azure's first chunk"),
  both("Names for cached tokens", USAGE, "Cached tokens are called", "x_groq.usage", "overlap"),
  both("xAI, Gemini's OpenAI endpoint, Perplexity", USAGE, "xAI's", "hides thinking", "repeats its usage"),
  both("Gemini's last usage", USAGE, "Gemini's last usage wins whole"),
  both("Bedrock's usage after the end, no model and id", USAGE, "comes after messageStop"),
  {
    says: "Langfuse adds up usage buckets",
    pipe: [["unit/wire/usage.test.ts", "take cached and audio tokens out of the input"]],
    translation: [["unit/langfuse/call-span.test.ts", "usage"]],
  },
  both(
    "Many text blocks, missing ones, pause_turn, fallback",
    CONTENT,
    "many text blocks",
    "missing on a refusal",
    "pause_turn",
    "A fallback block",
  ),
  {
    says: "Redacted thinking, signatures",
    pipe: [[CONTENT, "redacted thinking"]],
    translation: [
      [CONTENT, "redacted thinking"],
      ["unit/translate/nothing-lost.test.ts", "thinking comes back to the provider that signed it"],
    ],
  },
  both("Tools of the provider's own", CONTENT, "server_tool_use and mcp_tool_use"),
  both("Empty partial_json", CONTENT, "Empty partial_json"),
  both(
    "Tool calls in every shape",
    CONTENT,
    "without an index",
    "with one index for two",
    "repeated, or empty",
    "chunk that finishes",
    "legacy function_call",
  ),
  {
    says: "n > 1 is interleaved, in legacy completions too",
    pipe: [
      [CONTENT, "n > 1 is interleaved"],
      ["unit/wire/openai/completions.test.ts", "keeps every choice of an interleaved stream"],
    ],
    translation: [
      [CONTENT, "n > 1 is interleaved"],
      ["unit/translate/nothing-lost.test.ts", "several choices"],
    ],
  },
  both(
    "Content and reasoning in every shape",
    CONTENT,
    "list of parts",
    "reasoning_content",
    "reasoning_details",
    "<think>",
  ),
  both(
    "Roles, finish reasons, null content, missing ids",
    CONTENT,
    "No role ever",
    "No finish reason",
    "Null content",
    "Gemini says STOP",
  ),
  both("Bedrock's text has no start", USAGE, "a text has no contentBlockStart"),
  {
    says: "The OpenAI SDK asks for base64",
    pipe: [[CLIENTS, "reads $id as it reads the provider"]],
    translation: [["unit/gateway/translation.test.ts", "as base64 as its SDK asks for"]],
  },
  both(
    "BOM, CRLF, comments, no space, U+2028, long lines, no [DONE]",
    TRANSPORT,
    "A BOM and comments",
    "CRLF",
    "without a space",
    "U+2028",
    "above 100 KB",
    "No [DONE]",
  ),
  {
    says: "Characters split across chunks",
    pipe: [[CLIENTS, "in every delivery"]],
    translation: [[PAIRS, "atRandomOffsets"]],
  },
  both("A JSON array for a stream", TRANSPORT, "JSON array when alt=sse is absent"),
  both("Bedrock's binary stream", USAGE, "bedrock-converse"),
  both(
    "An error after a 200",
    TRANSPORT,
    "as the first event",
    "as data, without an end mark",
    "event of its own",
    "response.failed",
    "under 200",
  ),
  {
    says: "An abort is never a clean end",
    pipe: [
      [ERRORS, "never looks like a clean end"],
      [CLIENTS, "throws when $id breaks off"],
    ],
    translation: [[ERRORS, "never looks like a clean end"]],
  },
  both(
    "Errors vary",
    ERRORS,
    "code is a number",
    "code is a string",
    "code is null",
    "only a message",
    "failed_generation",
    "innererror",
    "an HTML page",
    "x-amzn-errortype",
  ),
  both(
    "Status and retry headers stay; 429 without a header",
    ERRORS,
    "retry-after-ms",
    "429 without a header",
  ),
  {
    says: "429 insufficient_quota is not retried",
    pipe: [["unit/gateway/routing.test.ts", "insufficient_quota"]],
    translation: [["unit/gateway/routing.test.ts", "insufficient_quota"]],
  },
  {
    says: "Claude Code's requests",
    pipe: [
      [REQUESTS, "asks HEAD / without a key"],
      [REQUESTS, "sends ?beta=true"],
      [REQUESTS, "accepts zstd"],
      ["e2e/clients-claude-code.test.ts", "asks again without a stream"],
    ],
    translation: [["unit/local/demo-model/formats.test.ts", "to every client, whole and as a stream"]],
  },
  both(
    "Requests to translate",
    REQUESTS,
    "default for max_tokens",
    "stop sequence",
    "both the system's and the developer's",
    "parallel results in one turn",
    "no tool choice none",
  ),
  {
    says: "Prices",
    pipe: [
      ["unit/prices/catalogue.test.ts", "says that it does not know a model"],
      ["unit/prices/billed-calls.test.ts", "describe"],
    ],
    translation: [["unit/prices/corpus.test.ts", "describe"]],
  },
];
