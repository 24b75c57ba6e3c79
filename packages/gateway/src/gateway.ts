/** The gateway: one function from a request to its answer. */
import type { ResolvedConfig } from "@sluice/config";
import { cacheAccounts } from "./admission/account-cache.ts";
import { authenticate } from "./authenticate.ts";
import { type CallTarget, endpointAt, passageAt } from "./endpoints.ts";
import { type ErrorShape, errorBody, methodNotAllowed, notFound, toGatewayError } from "./errors.ts";
import { untracedCall } from "./finished-call.ts";
import type { GatewayRequest, GatewayResponse } from "./http.ts";
import { AnswerBrokenOff, serveInference } from "./inference.ts";
import { cacheKeys } from "./key-cache.ts";
import type { GatewayDependencies } from "./ports.ts";
import { createCoolDown } from "./routing/cool-down.ts";

/** Serves one call. Resolves when the answer has ended and its trace is safe; rejects with `AnswerBrokenOff`. */
export type Gateway = (request: GatewayRequest, response: GatewayResponse) => Promise<void>;

/** Makes the gateway of an instance. What it keeps between calls is caches only. */
export function createGateway(config: ResolvedConfig, deps: GatewayDependencies): Gateway {
  const keys = cacheKeys(deps.keys, deps.nowMs);
  const inference = {
    ...deps,
    keys,
    readAccount: cacheAccounts(async () => (await deps.loadLedger()).accounts, deps.nowMs),
    settlementGraceMs: config.budgets.settlementGraceMs,
    coolDown: createCoolDown(deps.nowMs),
  };

  return async (request, response) => {
    const startedAtMs = deps.nowMs();
    const { method, path } = request;
    const target: CallTarget | undefined = endpointAt(path) ?? passageAt(path);
    try {
      if (target) {
        if (target.endpoint !== "proxy" && method !== "POST") throw methodNotAllowed(method, path, "POST");
        const key = await authenticate(request.headers, keys, startedAtMs);
        await serveInference({ request, response, target, key, startedAtMs }, config, inference);
      } else if (path === "/health" || path === "/") {
        // Claude Code asks for `HEAD /` before its first call.
        requireGet(method, path);
        answerJson(response, { status: "ok", version: deps.version });
      } else if (path === "/v1/models" || path.startsWith("/v1/models/")) {
        requireGet(method, path);
        const key = await authenticate(request.headers, keys, startedAtMs);
        const { answerModels } = await import("./models.ts");
        const name = nameIn(path);
        answerJson(response, await answerModels({ key, name, shape: shapeFor(request) }, config, deps));
      } else {
        throw notFound(path);
      }
    } catch (thrown) {
      if (thrown instanceof AnswerBrokenOff) throw thrown;
      const error = toGatewayError(thrown);
      if (error.status >= 500) {
        deps.log.error(error.message, {
          path: request.path,
          code: error.error.code,
          cause: error.cause,
        });
      }
      const headers = { "content-type": "application/json", ...error.headers };
      response.start(error.status, headers).end(errorBody(error, target?.errors ?? shapeFor(request)));
      deps.onFinished?.(untracedCall(error, deps.nowMs() - startedAtMs));
    }
  };
}

/** Anthropic's clients name the version of their API in every request. */
function shapeFor({ headers }: GatewayRequest): ErrorShape {
  return headers["anthropic-version"] === undefined ? "openai" : "anthropic";
}

/** The model that the path names; empty when it asks for all. Throws a 404 for a name that is no UTF-8. */
function nameIn(path: string): string {
  try {
    return decodeURIComponent(path.slice("/v1/models/".length));
  } catch {
    throw notFound(path);
  }
}

function requireGet(method: string, path: string): void {
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed(method, path, "GET");
}

function answerJson(response: GatewayResponse, value: unknown): void {
  response.start(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}
