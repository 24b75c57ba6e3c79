/** `GET /v1/models`: the aliases of the config and the models that the configured providers list. */
import type { IncomingMessage } from "node:http";
import type { ResolvedConfig, ResolvedProvider } from "@sluice/config";
import { requestHeaders } from "./forwarded-headers.ts";
import type { GatewayDependencies } from "./ports.ts";
import { asObject, asText } from "./trace-context/fields.ts";

/** Time for all providers together to list their models, ms. One that is slower is left out. */
const LIST_TIMEOUT_MS = 5_000;
/** Longest list that is read of a provider, bytes. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** A model as OpenAI's API lists it. Further fields of a provider are kept. */
export interface ListedModel {
  readonly id: string;
  readonly object: "model";
  readonly [field: string]: unknown;
}

/**
 * The models that a caller may name. Those of the default provider stand under their bare names, those of
 * another as `provider/model`. A provider that does not answer in time is left out and logged.
 */
export async function listModels(
  config: ResolvedConfig,
  deps: Pick<GatewayDependencies, "credentials" | "callUpstream" | "log">,
): Promise<{ readonly object: "list"; readonly data: readonly ListedModel[] }> {
  const aliases = Object.entries(config.aliases).map(
    ([id, target]): ListedModel => ({
      id,
      object: "model",
      created: 0,
      owned_by: target.split("/")[0] ?? "",
    }),
  );
  const lists = await Promise.all(
    Object.values(config.providers).map(async (provider) => {
      const models = await modelsOf(provider, deps).catch((error: unknown) => {
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
  return { object: "list", data: [...aliases, ...lists.flat()] };
}

async function modelsOf(
  provider: ResolvedProvider,
  deps: Pick<GatewayDependencies, "credentials" | "callUpstream">,
): Promise<readonly ListedModel[]> {
  const apiKey = await deps.credentials.apiKey(provider.name);
  if (apiKey === undefined) return [];
  const answer = await deps.callUpstream({
    method: "GET",
    url: new URL(`${provider.baseUrl}/models`),
    headers: requestHeaders({ accept: "application/json" }, apiKey, false),
    connectTimeoutMs: LIST_TIMEOUT_MS,
    firstByteTimeoutMs: LIST_TIMEOUT_MS,
    signal: AbortSignal.timeout(LIST_TIMEOUT_MS),
  });
  const text = await readText(answer);
  if (answer.statusCode !== 200) throw new Error(`${provider.name} answered ${answer.statusCode}.`);
  const data = asObject(JSON.parse(text))?.["data"];
  if (!Array.isArray(data)) throw new Error(`${provider.name} gave no list of models.`);
  return data.flatMap((entry: unknown) => {
    const model = asObject(entry);
    const id = asText(model?.["id"]);
    return id === undefined ? [] : [{ ...model, id, object: "model" as const }];
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_LIST_BYTES) throw new Error(`The list is longer than ${MAX_LIST_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
