/**
 * What makes a provider do more for a call than ask one model once: its own tools, other models, what it looks up or keeps. How
 * often its tools go round, and what they add to the input each time, is nobody's promise, so that such a call has no bound.
 */
import type { ModelRoute } from "@sluice/providers";
import type { Endpoint } from "@sluice/trace";
import { asObject, asText } from "../trace-context/fields.ts";
import type { Unbounded } from "./unbounded.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Fields of conversations, and why they have no bound. */
const FIELDS: Readonly<Record<string, string>> = {
  // Anthropic
  mcp_servers: "the provider calls tools of other servers as often as its model likes",
  container: "the provider runs code, which it bills by the hour",
  fallbacks: "the provider may ask another model",
  // OpenRouter
  models: "the provider may ask another model",
  plugins: "the provider's plugins add to the input and have prices of their own",
  // xAI, Groq, Alibaba, Cohere, Together, Azure
  search_parameters: "the provider searches, and bills what it finds",
  search_settings: "the provider searches, and bills what it finds",
  compound_custom: "the provider runs tools and models of its own choice",
  enable_search: "the provider searches, and adds what it finds to the input",
  connectors: "the provider searches, and adds what it finds to the input",
  safety_model: "the provider asks another model, too",
  data_sources: "the provider adds what it finds in the data source to the input",
};

/** Tools that the caller runs itself, by endpoint. */
const OWN_TOOLS: Readonly<Partial<Record<Endpoint, RegExp>>> = {
  "chat.completions": /^(?:function|custom)$/,
  responses: /^(?:function|custom|namespace|computer|computer_use_preview|local_shell|apply_patch)$/,
  messages: /^(?:custom|(?:bash|text_editor|computer|memory)_\d+)$/,
};

/** Tools of the caller's that bring a prompt of the provider's, and more of it than `INPUT_OVERHEAD_TOKENS` has room for. */
const PROMPTED_TOOL = /^(?:bash|text_editor|computer|memory)(?:_|$)/;

/** Most tokens of such a prompt: Anthropic documents up to 1,234 (computer use, with its system prompt). */
const TOOL_PROMPT_TOKENS = 2_048;

/** Models that search, or ask other models, whatever the request says. */
const WORKING_MODELS = /deep-research|search-preview|search-api|(?:^|\/)compound|:online$|(?:^|\/)auto$/;

/** What the request asks the provider to do, beyond one answer of one model. Undefined when it is nothing. */
export function providerWork(json: Fields, endpoint: Endpoint): Unbounded | undefined {
  for (const [param, reason] of Object.entries(FIELDS)) {
    if (isAskedFor(json[param])) return { param, reason };
  }
  if (compacts(json["context_management"])) {
    return {
      param: "context_management",
      reason: "the provider asks the model once more to shorten the input",
    };
  }
  if (endpoint === "responses") {
    if (json["background"] === true) {
      return { param: "background", reason: "the answer, and what it cost, is fetched by another call" };
    }
    if (asObject(json["prompt"])) {
      return { param: "prompt", reason: "the tools and settings of a stored prompt are not in the request" };
    }
  }
  const strange = toolsOf(json).find((tool) => !isOwnTool(tool, endpoint));
  if (!strange) return undefined;
  return {
    param: "tools",
    reason: `the provider runs the tool ${JSON.stringify(strange["type"] ?? null)} itself, and what that adds is not known`,
  };
}

/** What a model does on its own, beyond answering. Undefined when it is nothing. */
export function modelWork({ provider, model }: ModelRoute, json: Fields): Unbounded | undefined {
  if (WORKING_MODELS.test(model)) {
    return { param: "model", reason: `${model} searches or asks other models as often as it likes` };
  }
  const options = json["web_search_options"];
  // Perplexity's models always search, for a published fee; by itself one of their searches takes several rounds.
  const isPerplexity = provider === "perplexity" || /(?:^|\/)sonar/.test(model);
  if (isPerplexity ? asObject(options)?.["search_type"] === "pro" : isAskedFor(options)) {
    return { param: "web_search_options", reason: "the provider searches, and bills what it finds" };
  }
  return undefined;
}

/** Tokens of the prompts that providers put before the caller's own tools. */
export function toolPromptTokens(json: Fields): number {
  const prompted = toolsOf(json).filter((tool) => PROMPTED_TOOL.test(asText(tool["type"]) ?? ""));
  return prompted.length * TOOL_PROMPT_TOKENS;
}

/** The request's tools, with those that stand among its input and inside of namespaces. */
function toolsOf(json: Fields): readonly Fields[] {
  const input = Array.isArray(json["input"]) ? json["input"] : [];
  return [json, ...input].flatMap((holder) => flat(asObject(holder)?.["tools"]));
}

function flat(tools: unknown): readonly Fields[] {
  const given: readonly unknown[] = Array.isArray(tools) ? tools : [];
  const listed = given.map(asObject).filter((tool) => tool !== undefined);
  return listed.flatMap((tool) => [tool, ...flat(tool["tools"])]);
}

function isOwnTool(tool: Fields, endpoint: Endpoint): boolean {
  const { type } = tool;
  // Anthropic's tools, and those of many that speak OpenAI's format, need no type.
  if (type === undefined) return true;
  if (type === "shell") return asObject(tool["environment"])?.["type"] === "local";
  return typeof type === "string" && OWN_TOOLS[endpoint]?.test(type) === true;
}

/** Editing that only takes away from the input is named `clear_…` (Anthropic's documentation, "Context editing"). */
function compacts(management: unknown): boolean {
  const edits = asObject(management)?.["edits"] ?? management;
  return (Array.isArray(edits) ? edits : []).some(
    (edit) => !asText(asObject(edit)?.["type"])?.startsWith("clear_"),
  );
}

function isAskedFor(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (Array.isArray(value)) return value.length > 0;
  return asObject(value)?.["mode"] !== "off";
}
