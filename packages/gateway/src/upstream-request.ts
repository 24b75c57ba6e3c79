/** From a call to the request that one provider gets for it: the caller's own bytes, or their translation. */
import type { ResolvedConfig, ResolvedProvider } from "@sluice/config";
import { type ModelRoute, operationAt } from "@sluice/providers";
import type { AnswerFormat } from "@sluice/trace";
import type { AnswerTranslation } from "./answer-translation.ts";
import type { CallTarget } from "./endpoints.ts";
import { endpointNotOffered, unsupportedParameters } from "./errors.ts";
import { requestHeaders, translatedHeaders } from "./forwarded-headers.ts";
import type { GatewayRequest } from "./http.ts";
import { forwardedBody, type InferenceRequest } from "./inference-request.ts";
import type { GatewayDependencies } from "./ports.ts";

/** A call, and the provider that it is to be prepared for. */
export interface UpstreamTarget {
  readonly request: GatewayRequest;
  readonly inference: InferenceRequest;
  readonly target: CallTarget;
  readonly provider: ResolvedProvider;
  readonly route: ModelRoute;
}

/** A request that is ready but for its authorization. */
export interface PreparedRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Present when the provider speaks another format than the caller. */
  readonly translation?: AnswerTranslation;
  /** The format of the answer as the provider sends it, when it is not the caller's. */
  readonly format?: AnswerFormat;
  /** Fields of the request that were left out. */
  readonly droppedParams: readonly string[];
}

/** Prepares a call for a provider. Throws a `GatewayError` when the provider cannot serve it. */
export async function prepareRequest(
  call: UpstreamTarget,
  config: Pick<ResolvedConfig, "dropParams">,
  deps: Pick<GatewayDependencies, "nowMs" | "random">,
): Promise<PreparedRequest> {
  const { request, inference, target, provider, route } = call;
  if (target.endpoint === "proxy") {
    return {
      method: request.method,
      url: urlAt(provider, route.model, target.path, request.query),
      headers: requestHeaders(request.headers, provider.headers, inference.streaming),
      body: request.body,
      droppedParams: [],
    };
  }
  const { endpoint } = target;
  const operation = operationAt(provider, { endpoint, model: route.model, streaming: inference.streaming });
  if (!operation) throw endpointNotOffered(provider.name, endpoint);
  const { path, format } = operation;
  if (format === undefined) {
    return {
      method: request.method,
      url: urlAt(provider, route.model, path, request.query),
      headers: requestHeaders(request.headers, provider.headers, inference.streaming),
      body: await withOwnThinking(await forwardedBody(inference, endpoint, route.model), inference),
      droppedParams: [],
    };
  }

  // Only calls that need a translation pay for loading it.
  const { translateCall } = await import("./answer-translation.ts");
  const { body, unsupported, translation, ...translated } = await translateCall({
    endpoint,
    provider,
    format,
    json: inference.json,
    body: inference.body,
    callerHeaders: request.headers,
    model: route.model,
    callerModel: inference.model,
    streaming: inference.streaming,
    newId: (prefix) => prefix + Buffer.from(deps.random(12)).toString("hex"),
    nowS: Math.floor(deps.nowMs() / 1000),
  });
  const { dropParams } = config;
  const refused = unsupported.filter(
    ({ field, weight }) =>
      weight === "matters" && dropParams !== true && !(dropParams !== false && dropParams.includes(field)),
  );
  if (refused.length > 0) throw unsupportedParameters(provider.name, refused);
  return {
    method: "POST",
    url: urlAt(
      provider,
      route.model,
      translated.operation === undefined ? path : `${path}:${translated.operation}`,
      operation.query ?? "",
    ),
    headers: translatedHeaders(request.headers, provider.headers),
    body,
    translation,
    format,
    droppedParams: unsupported.map(({ field }) => field),
  };
}

/** The mark of another provider's thinking (`foreign-thinking.ts`), as it stands in a JSON text. */
const FOREIGN_THINKING = Buffer.from('"sluice:');

async function withOwnThinking(body: Buffer, { json }: InferenceRequest): Promise<Buffer> {
  if (!body.includes(FOREIGN_THINKING)) return body;
  const { withoutForeignThinking } = await import("./foreign-thinking.ts");
  return withoutForeignThinking(body, json);
}

/** The URL of a path at the provider, with the config's query parameters before the caller's. */
function urlAt(provider: ResolvedProvider, model: string, path: string, query: string): URL {
  const base = provider.baseUrl.replace("{model}", encodeURIComponent(model));
  const queries = [provider.query, query].filter((part) => part !== "").join("&");
  return new URL(`${base}${path}${queries && `?${queries}`}`);
}
