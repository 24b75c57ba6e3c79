/**
 * What other gateways send of a call, and what the conventions require, field by field: each is in a span that the flusher
 * exported, under its own name, with the right value. Sources: LiteLLM's "StandardLoggingPayload Specification" and its Langfuse
 * callback (`langfuse.py`), Portkey's pages "Tracing", "Metadata" and "Logs", OpenRouter's "Broadcast", Aptible's "Langfuse
 * Integration", and the OpenTelemetry semantic conventions for generative AI 1.40.
 */
import { createFlusher } from "@sluice/flusher";
import { createHttpPost, createLangfuseDrain } from "@sluice/langfuse";
import { loadCatalogue } from "@sluice/prices";
import { beforeAll, describe, expect, it } from "vitest";
import { delta, finish, sse } from "../../support/chat-bodies.ts";
import { attributesOf, startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";
import { memoryAccounts, memoryDeliveries, memorySettlements } from "../../support/ledger.ts";
import { answer, chatRecord, messageBody, spanId, traceId } from "../../support/records.ts";

const M = "langfuse.observation.metadata.";
const T = "langfuse.trace.metadata.";

const request = {
  model: "fast",
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Weather?" },
  ],
  tools: [{ type: "function", function: { name: "weather", parameters: { type: "object" } } }],
  max_completion_tokens: 50,
  temperature: 1,
  top_p: 0.9,
  frequency_penalty: 0.1,
  presence_penalty: 0.2,
  seed: 7,
  stop: ["END"],
  n: 2,
  response_format: { type: "json_object" },
  stream: true,
  service_tier: "flex",
};
const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Paris"}' } };
const usage = {
  prompt_tokens: 9,
  completion_tokens: 3,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 4 },
};
const record = chatRecord({
  streaming: true,
  key: {
    id: "key_1",
    hash: "f".repeat(64),
    alias: "ci",
    owner: "ana",
    tenant: "acme",
    environment: "production",
  },
  trace: {
    traceId: traceId("a".repeat(32)),
    spanId: spanId("b".repeat(16)),
    parentSpanId: spanId("c".repeat(16)),
    name: "checkout",
    spanName: "answer",
    userId: "u-1",
    sessionId: "s-1",
    tags: ["red", "blue"],
    metadata: { team: "core" },
    feature: "search",
    prompt: { name: "greet", version: 3 },
    organization: "org-1",
    release: "v9",
    version: "2.0",
  },
  request: { contentType: "application/json", body: Buffer.from(JSON.stringify(request)) },
  accounts: [
    {
      ownerKind: "key",
      ownerId: "key_1",
      periodId: "month#2025-10",
      budget: { limitUsd: "10", spentUsd: "1.25", resetsAtMs: 1_761_955_200_000 },
    },
  ],
  attempts: [
    {
      provider: "azure",
      model: "gpt-4o-eu",
      startedAtMs: 1_760_000_000_010,
      endedAtMs: 1_760_000_000_050,
      status: 429,
      error: { code: "rate_limit_exceeded", message: "Slow down" },
    },
    {
      provider: "openai",
      model: "gpt-4o",
      startedAtMs: 1_760_000_000_060,
      headersAtMs: 1_760_000_000_200,
      endedAtMs: 1_760_000_000_900,
      status: 200,
    },
  ],
  answer: answer(
    sse([
      delta({ tool_calls: [{ index: 0, ...call }] }),
      { ...finish("tool_calls"), usage, service_tier: "flex" },
    ]),
    {
      headers: {
        "content-type": "text/event-stream",
        "x-request-id": "req-openai",
        "openai-organization": "org-provider",
        "openai-processing-ms": "120",
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-requests": "99",
        "x-ratelimit-remaining-tokens": "900",
      },
    },
  ),
  caller: { ip: "203.0.113.7", userAgent: "OpenAI/JS" },
  droppedParams: ["logit_bias"],
});

let attributes: Record<string, unknown>;
let spans: readonly { readonly spanId: string; readonly parentSpanId?: string; readonly name: string }[];

beforeAll(async () => {
  await using endpoint = await startLangfuseEndpoint();
  const keys = async () => await Promise.resolve({ publicKey: "pk", secretKey: "sk" });
  const nowMs = () => 1_760_000_002_000;
  const accounts = memoryAccounts();
  const flush = createFlusher({
    claims: { fetch: async () => await Promise.resolve(undefined) },
    park: async (_message, reason) => await Promise.reject(new Error(reason)),
    drains: [
      createLangfuseDrain({
        name: "main",
        baseUrl: endpoint.baseUrl,
        credentials: { keys, refreshedKeys: keys },
        post: createHttpPost(30_000),
        nowMs,
      }),
    ],
    loadPrices: () => loadCatalogue(),
    deliveries: memoryDeliveries(nowMs),
    settlements: memorySettlements(accounts),
    accounts,
    announce: async () => {
      await Promise.resolve();
    },
    log: { error: () => undefined, warn: () => undefined },
    nowMs,
  });
  const message = {
    id: "m",
    body: messageBody(record),
    sentAtMs: 1_760_000_001_040,
    receiveCount: 1,
  };
  await flush([message]);
  spans = endpoint.stored;
  const root = endpoint.stored.find((span) => span.spanId === "b".repeat(16));
  attributes = root ? attributesOf(root) : {};
});

/** A field of somebody else's, where it is in our span, and what it says there. JSON is compared as such. */
type Row = readonly [field: string, attribute: string, value: unknown];

const LITELLM: readonly Row[] = [
  ["id", `${M}request_id`, `req_${"a".repeat(32)}`],
  ["call_type", `${M}endpoint`, "chat.completions"],
  ["response_cost", `${M}cost_usd`, expect.stringMatching(/^0\.0000\d+$/)],
  ["status", `${M}outcome`, "answered"],
  ["prompt_tokens", "gen_ai.usage.input_tokens", 9],
  ["completion_tokens", "gen_ai.usage.output_tokens", 3],
  [
    "total_tokens",
    "langfuse.observation.usage_details",
    { input: 5, input_cached_tokens: 4, output: 3, total: 12 },
  ],
  ["completionStartTime", "langfuse.observation.completion_start_time", "2025-10-09T08:53:20.250Z"],
  ["response_time", `${M}time_to_first_token_ms`, 250],
  ["model", `${M}routed_model`, "gpt-4o"],
  ["model_group", `${M}requested_model`, "fast"],
  [
    "model_parameters",
    "langfuse.observation.model.parameters",
    expect.objectContaining({ max_tokens: 50, temperature: 1 }),
  ],
  ["custom_llm_provider", `${M}provider`, "openai"],
  ["cache_hit", `${M}cache`, "off"],
  ["request_tags", "langfuse.trace.tags", ["red", "blue"]],
  ["end_user", "user.id", "u-1"],
  ["requester_ip_address", `${M}client_ip`, "203.0.113.7"],
  ["user_agent", `${M}user_agent`, "OpenAI/JS"],
  [
    "messages",
    "langfuse.observation.input",
    expect.objectContaining({ messages: request.messages, tools: request.tools }),
  ],
  ["response", "langfuse.observation.output", { role: "assistant", content: null, tool_calls: [call] }],
  ["user_api_key_hash", `${M}key_hash`, "f".repeat(64)],
  ["user_api_key_alias", `${M}key_alias`, "ci"],
  ["user_api_key_user_id", `${M}key_owner`, "ana"],
  ["user_api_key_org_id", `${M}organization_id`, "org-1"],
  ["user_api_key_team_id", `${M}tenant`, "acme"],
  ["user_api_key_spend", `${M}key_spend_usd`, "1.25"],
  ["user_api_key_max_budget", `${M}budget_limit_usd`, "10"],
  ["user_api_key_budget_reset_at", `${M}budget_resets_at`, "2025-11-01T00:00:00.000Z"],
  ["user_api_key_request_route", `${M}route`, "/v1/chat/completions"],
  ["requester_metadata", `${T}team`, "core"],
  ["attempted_retries", `${M}attempt_count`, 2],
  ["queue_time_seconds", `${M}queue_ms`, 40],
  ["litellm_overhead_time_ms", `${M}overhead_ms`, 10],
  [
    "additional_headers",
    `${M}rate_limit`,
    {
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-limit-tokens": "1000",
      "x-ratelimit-remaining-requests": "99",
      "x-ratelimit-remaining-tokens": "900",
    },
  ],
  ["session_id", "session.id", "s-1"],
  ["trace_name", "langfuse.trace.name", "checkout"],
  ["trace_release", "langfuse.release", "v9"],
  ["version", "langfuse.version", "2.0"],
  ["prompt", "langfuse.observation.prompt.name", "greet"],
  ["level", "langfuse.observation.level", "DEFAULT"],
];

const PORTKEY: readonly Row[] = [
  ["metadata._user", "user.id", "u-1"],
  ["metadata._environment", "langfuse.environment", "production"],
  ["metadata._organisation", `${M}organization_id`, "org-1"],
  ["metadata.*", `${T}team`, "core"],
  ["request method and url", `${M}route`, "/v1/chat/completions"],
  ["response status", `${M}http_status`, 200],
  ["response time", `${M}duration_ms`, 1000],
  ["cache status", `${M}cache`, "off"],
  ["retry attempt count", `${M}attempt_count`, 2],
  ["last used option", `${M}routed_model`, "gpt-4o"],
  [
    "cost",
    "langfuse.observation.cost_details",
    expect.objectContaining({ total: expect.any(Number) as number }),
  ],
  ["tokens", "langfuse.observation.usage_details", expect.objectContaining({ total: 12 })],
  ["prompt", "langfuse.observation.prompt.version", 3],
];

const OPENROUTER: readonly Row[] = [
  ["request and response", "langfuse.observation.output", expect.objectContaining({ role: "assistant" })],
  ["token usage", "gen_ai.usage.cache_read.input_tokens", 4],
  ["costs", `${M}cost_usd`, expect.any(String)],
  ["timing: start of the answer", "langfuse.observation.completion_start_time", expect.any(String)],
  ["model", "langfuse.observation.model.name", expect.stringMatching(/^gpt-4o/)],
  ["provider", "gen_ai.provider.name", "openai"],
  ["tool usage", "langfuse.observation.output", expect.objectContaining({ tool_calls: [call] })],
  ["finish reason", `${M}finish_reason`, "tool_calls"],
  ["session", "session.id", "s-1"],
];

const APTIBLE: readonly Row[] = [
  ["request data", "langfuse.observation.input", expect.objectContaining({ messages: request.messages })],
  ["response data", "langfuse.observation.output", expect.objectContaining({ tool_calls: [call] })],
  ["token usage", "langfuse.observation.usage_details", expect.objectContaining({ input: 5, output: 3 })],
  ["latency", `${M}duration_ms`, 1000],
  ["model", "langfuse.observation.model.name", expect.stringMatching(/^gpt-4o/)],
  ["organisation", `${M}organization_id`, "org-1"],
  ["environment", `${M}environment_id`, "production"],
  ["LLM key", `${M}key_alias`, "ci"],
];

const CONVENTIONS: readonly Row[] = [
  ["required", "gen_ai.operation.name", "chat"],
  ["required", "gen_ai.provider.name", "openai"],
  ["conditionally required", "gen_ai.conversation.id", "s-1"],
  ["conditionally required", "gen_ai.output.type", "json"],
  ["conditionally required", "gen_ai.request.choice.count", 2],
  ["conditionally required", "gen_ai.request.model", "gpt-4o"],
  ["conditionally required", "gen_ai.request.seed", 7],
  ["recommended", "gen_ai.request.frequency_penalty", 0.1],
  ["recommended", "gen_ai.request.max_tokens", 50],
  ["recommended", "gen_ai.request.presence_penalty", 0.2],
  ["recommended", "gen_ai.request.stop_sequences", ["END"]],
  ["recommended", "gen_ai.request.temperature", 1],
  ["recommended", "gen_ai.request.top_p", 0.9],
  ["recommended", "gen_ai.response.finish_reasons", ["tool_calls"]],
  ["recommended", "gen_ai.response.id", "chatcmpl-1"],
  ["recommended", "gen_ai.response.model", expect.stringMatching(/^gpt-4o/)],
  ["recommended", "gen_ai.usage.input_tokens", 9],
  ["recommended", "gen_ai.usage.output_tokens", 3],
  ["of OpenAI", "openai.request.service_tier", "flex"],
  ["of OpenAI", "openai.response.service_tier", "flex"],
];

const OWN: readonly Row[] = [
  ["feature", `${M}feature`, "search"],
  ["the provider's name for its request", `${M}provider_request_id`, "req-openai"],
  ["the provider's account", `${M}provider_organization`, "org-provider"],
  ["the provider's own time", `${M}provider_processing_ms`, 120],
  ["what was left out of the request", `${M}dropped_params`, "logit_bias"],
];

describe.each([
  ["LiteLLM", LITELLM],
  ["Portkey", PORTKEY],
  ["OpenRouter", OPENROUTER],
  ["Aptible", APTIBLE],
  ["the semantic conventions", CONVENTIONS],
  ["Sluice", OWN],
] as const)("an exported span has what %s sends", (_who, rows) => {
  it.each(rows)("%s in %s", (_field, attribute, value) => {
    expect(attributes).toHaveProperty([attribute]);
    expect(plain(attributes[attribute])).toEqual(value);
  });
});

describe("an exported call", () => {
  it("comes with the attempt that failed, as a child", () => {
    expect(spans).toHaveLength(2);
    expect(spans).toContainEqual(
      expect.objectContaining({ name: "attempt 1 azure", parentSpanId: "b".repeat(16) }),
    );
  });

  it("has the name that the caller gave it", () => {
    expect(spans[0]).toMatchObject({ name: "answer", parentSpanId: "c".repeat(16) });
  });
});

/** A text that is JSON as what it says. */
function plain(value: unknown): unknown {
  return typeof value === "string" && /^[[{]/.test(value) ? (JSON.parse(value) as unknown) : value;
}
