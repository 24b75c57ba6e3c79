/** Calls of every kind to a local system, as apps would make them. */

/** Where calls are sent. */
interface Gateway {
  readonly url: string;
  readonly key: string;
}

/** How many `sendMixedCalls` sends. */
export const MIXED_CALLS = 20;
/** How many of them fail. */
export const FAILED_CALLS = 3;

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const WEATHER = {
  type: "object",
  properties: { city: { type: "string" }, unit: { type: "string", enum: ["celsius", "fahrenheit"] } },
};

const QUESTIONS = [
  "Write a haiku about a river lock",
  "Summarise the release notes in three sentences",
  "Translate 'good morning' into Finnish",
  "What does an idempotency key protect from?",
  "Name five rivers that flow north",
  "Explain backpressure to a ten-year-old",
  "Is 7919 a prime number?",
  "Turn this list into a table: apples 3, pears 5",
] as const;

type Call = readonly [path: string, body: Readonly<Record<string, unknown>>];

const CALLS: readonly Call[] = [
  ...QUESTIONS.map((content, index): Call => {
    const model = index % 2 === 0 ? "gpt-4o-mini" : "gpt-4o";
    const stream = index % 3 === 0;
    return ["/v1/chat/completions", { model, stream, messages: [{ role: "user", content }] }];
  }),
  [
    "/v1/chat/completions",
    {
      model: "gpt-4o",
      messages: [
        { role: "system", content: "You help people who travel. Be brief." },
        { role: "user", content: "How is the weather in Oslo?" },
      ],
      tools: [{ type: "function", function: { name: "get_weather", parameters: WEATHER } }],
    },
  ],
  [
    "/v1/chat/completions",
    {
      model: "gpt-4o",
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is in this picture?" },
            { type: "image_url", image_url: { url: PIXEL } },
          ],
        },
      ],
    },
  ],
  [
    "/v1/messages",
    {
      model: "claude-sonnet-5",
      max_tokens: 400,
      system: "You are a careful engineer.",
      messages: [
        { role: "user", content: "Which file is the largest?" },
        {
          role: "assistant",
          content: [
            {
              type: "thinking",
              thinking: "I should list the files first, by their sizes.",
              signature: "c2ln",
            },
            { type: "text", text: "I will look." },
            {
              type: "tool_use",
              id: "toolu_1",
              name: "list_files",
              input: { path: "packages", sort: "size" },
            },
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "toolu_1",
              content: "catalogue.json 241 KB\nfunction-url.ts 6 KB",
            },
          ],
        },
      ],
      tools: [
        { name: "list_files", input_schema: { type: "object", properties: { path: { type: "string" } } } },
      ],
    },
  ],
  [
    "/v1/messages",
    {
      model: "claude-haiku-4-5",
      max_tokens: 200,
      stream: true,
      messages: [{ role: "user", content: "Draft a short apology for a late parcel" }],
    },
  ],
  [
    "/v1/messages",
    {
      model: "claude-sonnet-5",
      max_tokens: 8,
      messages: [{ role: "user", content: "Count to a hundred" }],
    },
  ],
  ["/v1/responses", { model: "gpt-4o-mini", input: "Suggest a name for a lock keeper's cat" }],
  ["/v1/responses", { model: "gpt-4o", input: "Find the bug in: for (;;) {}", stream: true }],
  ["/v1/embeddings", { model: "text-embedding-3-small", input: "a serverless AI gateway" }],
  ["/v1/embeddings", { model: "text-embedding-3-large", input: ["one", "two"] }],
  ["/v1/chat/completions", { model: "demo-error-429", messages: [{ role: "user", content: "Too fast" }] }],
  [
    "/v1/chat/completions",
    { model: "demo-error-400", messages: [{ role: "user", content: "Not like that" }] },
  ],
  [
    "/v1/chat/completions",
    { model: "demo-error-503", messages: [{ role: "user", content: "Anybody there?" }] },
  ],
];

/** Sends twenty calls, one after the other, and reads every answer to its end. */
export async function sendMixedCalls({ url, key }: Gateway): Promise<void> {
  for (const [path, body] of CALLS) {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    });
    await response.arrayBuffer();
  }
}
