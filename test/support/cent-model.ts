/** A model whose price makes sums easy: a call costs exactly $0.01, and reserves less than $0.04. */
import type { PriceOverrides } from "@sluice/prices";
import { chatCompletion } from "./upstream.ts";

/** Its prices, and those of a free and of a cheaper one, for the `prices` of a config. */
export const CENT_PRICES: PriceOverrides = {
  "openai/cent": { input: "0", output: "1400", perRequest: "0.01" },
  "openai/tenth-of-a-cent": { input: "0", output: "0", perRequest: "0.001" },
  "openai/free": { input: "0", output: "0", cachedInput: "0" },
};

/** A request of it: the fee, and 20 tokens at $1,400 a million. */
export const CENT_REQUEST = {
  model: "cent",
  max_tokens: 20,
  messages: [{ role: "user", content: "Hello" }],
};

/** What `CENT_REQUEST` reserves, picodollars: $0.038, and what roundings may add. */
export const CENT_HOLD = 38_000_000_012n;

/** What a call costs, picodollars. */
export const CENT_COST = 10_000_000_000n;

/** The answer to it, whose only cost is the fee. */
export const CENT_ANSWER = {
  ...chatCompletion(""),
  model: "cent",
  usage: { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 },
};
