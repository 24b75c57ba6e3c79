/** The provider of the storm: each request says how it is to be answered, and the provider keeps its own account. */
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { CENT_COST } from "../../support/cent-model.ts";
import { type Answerer, chatChunk, chatCompletion, DONE, json } from "../../support/upstream.ts";

/** How a call goes at the provider. */
export type Manner =
  | "whole"
  | "error"
  | "limited"
  | "reset"
  | "broken"
  | "slow"
  | "dribbling"
  | "silent"
  | "long";

/** What a call asks of the provider, as the JSON text of its message. */
export interface Order {
  /** The call's number. */
  readonly call: number;
  readonly manner: Manner;
  /** Output tokens that are billed. */
  readonly tokens: number;
  /** Characters that the answer is to have beside, which do not compress. */
  readonly filling: number;
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
/** Pieces of an answer that dribbles. */
const DRIBBLES = 20;

/** Answers as ordered, and enters in `served` what it did, by the call's number. `admits` knows which keys are valid. */
export function createModel(served: Map<number, Served>, admits: (key: string) => boolean): Answerer {
  return async (request, response) => {
    const { stream, messages, input } = JSON.parse(request.body) as {
      readonly stream?: boolean;
      readonly messages?: readonly { readonly content: string }[];
      readonly input?: readonly string[];
    };
    const order = JSON.parse(messages?.[0]?.content ?? input?.[0] ?? "") as Order;
    const { call, manner, tokens } = order;
    const receivedAtMs = Date.now();
    served.set(call, { receivedAtMs });
    if (!admits((request.headers.authorization ?? "").replace("Bearer ", ""))) {
      const error = { message: "Incorrect API key", type: "invalid_request_error", code: "invalid_api_key" };
      return await json({ error }, 401)(request, response);
    }
    if (manner === "reset") {
      response.destroy();
      return;
    }
    if (manner === "error" || manner === "limited") {
      const status = manner === "error" ? 500 : 429;
      const error = { message: `no ${call}`, type: "server_error", param: null, code: "overloaded" };
      return await json({ error }, status)(request, response);
    }
    const billed = input ? 0 : tokens;
    const usage = { prompt_tokens: 3, completion_tokens: billed, total_tokens: 3 + billed };
    const whole = () => {
      served.set(call, { receivedAtMs, cost: CENT_COST + BigInt(billed) * TOKEN_COST });
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
      const answer = input ? embedding(usage) : { ...chatCompletion(contentOf(order)), model: "cent", usage };
      if (manner !== "dribbling") return await json(answer)(request, response);
      response.writeHead(200, { "content-type": "application/json" });
      return await dribble(response, JSON.stringify(answer));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chatChunk("answer ", { model: "cent" }));
    if (manner === "silent") return;
    if (manner === "broken") {
      setTimeout(() => response.destroy(), 20);
      return;
    }
    await sleep(10);
    response.write(chatChunk(contentOf(order), { model: "cent" }));
    if (manner === "slow" || manner === "long") await sleep(SLOW_MS);
    whole();
    const end = chatChunk("", { model: "cent", choices: [], usage }) + DONE;
    if (manner === "dribbling") await dribble(response, end);
    else response.end(end);
  };
}

/** Writes a text so slowly that its pieces break where they should not. */
async function dribble(response: ServerResponse, text: string): Promise<void> {
  const length = Math.ceil(text.length / DRIBBLES);
  for (let at = 0; at < text.length; at += length) {
    response.write(text.slice(at, at + length));
    await sleep(SLOW_MS / DRIBBLES);
  }
  response.end();
}

function contentOf({ call, filling }: Order): string {
  return `${call}${randomBytes(Math.ceil(filling / 2)).toString("hex")}`;
}

function embedding({
  prompt_tokens,
  total_tokens,
}: Readonly<Record<"prompt_tokens" | "total_tokens", number>>) {
  return {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: Array.from({ length: 256 }, (_, at) => at / 256) }],
    model: "cent",
    usage: { prompt_tokens, total_tokens },
  };
}
