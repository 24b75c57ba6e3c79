/** What a model costs at one moment, and how the terms of a call change it. */
import type { Rate, Rates } from "./rate.ts";

/** A factor on the rates of tokens, as an exact fraction: half price is 1 over 2. */
export interface Multiplier {
  readonly numerator: bigint;
  /** Above zero. */
  readonly denominator: bigint;
}

/** How a service tier is billed: a factor on every rate, long context too; or rates of its own. */
export type TierPrice =
  | { readonly multiplier: Multiplier }
  /** These replace the base rates. Long context stays at its own rates: no such tier covers it. */
  | { readonly rates: Rates };

/** The price of a model, valid for the moment it was looked up for. */
export interface PriceEntry {
  readonly status: "known";
  /** The model whose price this is, as the source names it: `openai/gpt-4o`. */
  readonly model: string;
  /** Where the rates are from: the catalogue, a correction of it, the config; joined with ` + `. */
  readonly source: string;
  readonly rates: Rates;
  /** Rates of the whole call once its input has more than `aboveTokens`, ascending. */
  readonly longContext: readonly { readonly aboveTokens: number; readonly rates: Rates }[];
  /** By the tier's name in the answer. Tiers that are not here cost what the standard one does. */
  readonly serviceTiers: Readonly<Record<string, TierPrice>>;
  /** By the place of inference that the answer names. */
  readonly inferenceGeos: Readonly<Record<string, Multiplier>>;
  /** Fee of the request by the size of its search context, where it depends on that. */
  readonly requestFees: Readonly<Record<string, Rate>>;
  /** Input and output together, tokens, where known. Sources lag behind, so this is no hard bound. */
  readonly contextWindow?: number;
  /** Most tokens of one answer, where known. */
  readonly maxOutputTokens?: number;
}

/** There is no price, or no usable one. Not the same as free. */
export interface Unpriced {
  readonly status: "unpriced";
  /** A sentence for the trace: what is missing, and the remedy. */
  readonly reason: string;
}

/** What of a call changes its price, beside what was used. */
export interface BillingTerms {
  /** The tier that served the call, as the answer names it: `flex`, `priority`, `batch`, … */
  readonly serviceTier?: string;
  /** Where the model ran, as the answer names it (Anthropic's `inference_geo`). */
  readonly inferenceGeo?: string;
  /** Perplexity's `search_context_size`: `low`, `medium`, `high`. */
  readonly searchContext?: string;
}
