/** The provider of the storm: each request says how it is to be answered, and the provider keeps its own account. */
import { setTimeout as sleep } from "node:timers/promises";
import { CENT_COST } from "../../support/cent-model.ts";
import { type Answerer, chatChunk, chatCompletion, DONE, json } from "../../support/upstream.ts";

/** How a call goes at the provider. */
export type Manner = "whole" | "error" | "limited" | "broken" | "slow" | "silent" | "long";

/** What a call asks of the provider, as the JSON text of its message. */
export interface Order {
  /** The call's number. */
  readonly call: number;
  readonly manner: Manner;
  /** Output tokens that are billed. */
  readonly tokens: number;
}

/** What the provider did for a call. */
export interface Served {
  /** When the request was there, Unix time in ms. */
  readonly receivedAtMs: number;
  /** What it costs, picodollars, once the provider has answered it whole. */
  readonly cost?: bigint;
}

/** Picodollars of a token of output: $1,400 a million. */
const TOKEN_COST = 1_400_000_000n;
const SLOW_MS = 1_500;

/** Answers as ordered, and enters in `served` what it did, by the call's number. */
export function createModel(served: Map<number, Served>): Answerer {
  return async (request, response) => {
    const { stream, messages } = JSON.parse(request.body) as {
      readonly stream?: boolean;
      readonly messages: readonly { readonly content: string }[];
    };
    const { call, manner, tokens } = JSON.parse(messages[0]?.content ?? "") as Order;
    const receivedAtMs = Date.now();
    served.set(call, { receivedAtMs });
    if (manner === "error" || manner === "limited") {
      const status = manner === "error" ? 500 : 429;
      const error = { message: `no ${call}`, type: "server_error", param: null, code: "overloaded" };
      return await json({ error }, status)(request, response);
    }
    const usage = { prompt_tokens: 3, completion_tokens: tokens, total_tokens: 3 + tokens };
    const whole = () => {
      served.set(call, { receivedAtMs, cost: CENT_COST + BigInt(tokens) * TOKEN_COST });
    };
    if (manner === "slow") await sleep(SLOW_MS);
    if (manner === "long") await sleep(2 * SLOW_MS);
    if (!stream) {
      if (manner === "silent") return;
      if (manner === "broken") {
        response.writeHead(200, { "content-type": "application/json", "content-length": "10000" });
        response.write('{"id":"chat');
        setTimeout(() => response.destroy(), 20);
        return;
      }
      whole();
      return await json({ ...chatCompletion(`answer ${call}`), model: "cent", usage })(request, response);
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chatChunk("answer ", { model: "cent" }));
    if (manner === "silent") return;
    if (manner === "broken") {
      setTimeout(() => response.destroy(), 20);
      return;
    }
    await sleep(10);
    response.write(chatChunk(String(call), { model: "cent" }));
    if (manner === "slow" || manner === "long") await sleep(SLOW_MS);
    whole();
    response.write(chatChunk("", { model: "cent", choices: [], usage }));
    response.end(DONE);
  };
}
