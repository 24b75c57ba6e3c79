/** `GET /v1/models`: the aliases of the config and the models that the configured providers list. */
import type { IncomingMessage } from "node:http";
import type { ResolvedConfig, ResolvedProvider } from "@sluice/config";
import type { VirtualKey } from "@sluice/keys";
import { resolveModel } from "@sluice/providers";
import { mayUse } from "./admission/allow-list.ts";
import { authorizedHeaders, storedKey } from "./authorization.ts";
import { type ErrorShape, modelNotFound, UpstreamError } from "./errors.ts";
import type { GatewayDependencies } from "./ports.ts";
import { asObject, asText } from "./trace-context/fields.ts";

/** Time for all providers together to list their models, ms. One that is slower is left out. */
const LIST_TIMEOUT_MS = 5_000;
/** Longest list that is read of a provider, bytes. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** A model as a provider lists it, under the name that a caller may use. Further fields of the provider are kept. */
export interface ListedModel {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** What listing takes. */
export type ListDependencies = Pick<
  GatewayDependencies,
  "credentials" | "signRequest" | "googleAccessToken" | "callUpstream" | "log"
>;

/**
 * The models that a key may name. Those of the default provider stand under their bare names, those of
 * another as `provider/model`. A provider that does not answer in time is left out and logged.
 */
async function listModels(
  key: VirtualKey,
  config: ResolvedConfig,
  deps: ListDependencies,
): Promise<readonly ListedModel[]> {
  const aliases = Object.keys(config.aliases).map(
    (id): ListedModel => ({ id, created: 0, owned_by: resolveModel(id, config).provider }),
  );
  const signal = AbortSignal.timeout(LIST_TIMEOUT_MS);
  const lists = await Promise.all(
    Object.values(config.providers).map(async (provider) => {
      const models = await modelsOf(provider, signal, deps).catch((error: unknown) => {
        deps.log.warn("A provider did not list its models.", {
          provider: provider.name,
          error: error instanceof Error ? error.message : String(error),
        });
        return [];
      });
      const prefix = provider.name === config.defaultProvider ? "" : `${provider.name}/`;
      return models.map((model) => ({ ...model, id: `${prefix}${model.id}` }));
    }),
  );
  return [...aliases, ...lists.flat()].filter(({ id }) => mayUse(key, id, resolveModel(id, config)));
}

/** A question for models. */
export interface ModelsQuestion {
  readonly key: VirtualKey;
  /** The model that is asked for; empty for all. */
  readonly name: string;
  /** Whose API the asking client speaks. */
  readonly shape: ErrorShape;
}

/** The list, or the one model that is asked for. Throws a 404 when the key has no such model. */
export async function answerModels(
  { key, name, shape }: ModelsQuestion,
  config: ResolvedConfig,
  deps: ListDependencies,
): Promise<unknown> {
  const models = await listModels(key, config, deps);
  const inShape: (model: ListedModel) => { readonly id: string } =
    shape === "anthropic" ? anthropicModel : openAiModel;
  if (name === "") {
    const data = models.map(inShape);
    if (shape === "openai") return { object: "list", data };
    return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  }
  const model = models.find(({ id }) => id === name);
  if (!model) throw modelNotFound(name);
  return inShape(model);
}

/** A model as OpenAI's API gives it (API reference, "List models"). */
function openAiModel(model: ListedModel) {
  return { ...model, object: "model" };
}

/** A model as Anthropic's API gives it (Anthropic API, "List models"). */
function anthropicModel(model: ListedModel) {
  const { id, created, display_name, created_at, ...rest } = model;
  return {
    ...rest,
    type: "model",
    id,
    display_name: asText(display_name) ?? id,
    created_at: asText(created_at) ?? new Date((Number(created) || 0) * 1000).toISOString(),
  };
}

async function modelsOf(
  provider: ResolvedProvider,
  signal: AbortSignal,
  deps: ListDependencies,
): Promise<readonly ListedModel[]> {
  // Bedrock and Vertex AI list their models at another service, under rights that a gateway has no need of.
  if (provider.auth === "aws-sigv4" || provider.auth === "google-oauth") return [];
  const apiKey = await storedKey(provider, deps).catch(() => undefined);
  if (apiKey === undefined && provider.auth !== "none") return [];
  const request = {
    method: "GET",
    url: new URL(`${provider.baseUrl}/models${provider.query && `?${provider.query}`}`),
    headers: { accept: "application/json", "accept-encoding": "identity", ...provider.headers },
    body: new Uint8Array(),
  };
  const answer = await deps.callUpstream({
    method: request.method,
    url: request.url,
    headers: await authorizedHeaders(provider, request, apiKey, signal, deps),
    connectTimeoutMs: LIST_TIMEOUT_MS,
    firstByteTimeoutMs: LIST_TIMEOUT_MS,
    signal,
  });
  const text = await readText(answer);
  if (answer.statusCode !== 200) throw new Error(`${provider.name} answered ${answer.statusCode}.`);
  const list = asObject(JSON.parse(text));
  // OpenAI and Anthropic say `data`, Gemini says `models` and puts `models/` before each name.
  const entries: unknown = list?.["data"] ?? list?.["models"];
  if (!Array.isArray(entries)) throw new Error(`${provider.name} gave no list of models.`);
  return entries.flatMap((entry: unknown) => {
    const model = asObject(entry) ?? {};
    const id = asText(model["id"]) ?? asText(model["name"])?.replace(/^models\//, "");
    return id === undefined ? [] : [{ ...model, id }];
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) {
      throw new UpstreamError("upstream_broken", `The list is longer than ${MAX_LIST_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
