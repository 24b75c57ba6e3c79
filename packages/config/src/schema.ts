/** The check of `sluice.config.ts`: at build and at start, never in a function. */
import { ratePerMillionTokens } from "@sluice/prices";
import { AUTHENTICATIONS, PRESETS } from "@sluice/providers";
import { ANSWER_FORMATS } from "@sluice/trace";
import * as z from "zod";
import type { SluiceConfig } from "./config.ts";
import { drainSchema } from "./drain-schema.ts";
import type { ModelConfig } from "./model-config.ts";
import {
  type ConfigEnvironment,
  MAX_REQUEST_BYTES,
  providersOf,
  type ResolvedConfig,
  resolveConfig,
} from "./resolve.ts";
import { headerName, names, routeCondition, secureUrl } from "./schema-parts.ts";

/** The config cannot be used. The message has one line per problem: its path, what is wrong, the remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*$/, "must be lower-case letters, digits, - or _, so that it can name a secret");

const usd = z
  .string()
  .refine(
    (text) => ratePerMillionTokens(text) !== undefined,
    'must be USD as decimal text, for example "0.15"',
  )
  .exactOptional();

const priceOverride = z.strictObject({
  input: usd,
  cachedInput: usd,
  cacheWrite5m: usd,
  cacheWrite1h: usd,
  audioInput: usd,
  imageInput: usd,
  output: usd,
  reasoning: usd,
  audioOutput: usd,
  imageOutput: usd,
  perRequest: usd,
  perWebSearch: usd,
  maxOutputTokens: z.int().positive().exactOptional(),
});

/** Part of a host name or of a path: letters, digits, `-`, `_` and `.`. */
const variable = z.string().regex(/^[\w.-]+$/, "must be letters, digits, -, _ and . only");

/** Variables that a base URL may name without the config giving them a value. */
const KNOWN_VARIABLES = new Set(["model", "region"]);

/** Half a day: an account keeps what is set aside by the minute, and an item has 400 KB. */
const MAX_SETTLEMENT_GRACE_MS = 12 * 60 * 60_000;

const milliseconds = z.int().min(1).max(900_000);

const attemptLimits = z.strictObject({
  connectTimeoutMs: milliseconds.exactOptional(),
  firstByteTimeoutMs: milliseconds.exactOptional(),
  idleTimeoutMs: milliseconds.exactOptional(),
  totalTimeoutMs: milliseconds.exactOptional(),
});

const modelRoute = z.strictObject({
  targets: z
    .array(
      z.union([
        z.string().min(1),
        z.strictObject({
          model: z.string().min(1),
          weight: z.number().positive().exactOptional(),
          when: routeCondition.exactOptional(),
          limits: attemptLimits.exactOptional(),
        }),
      ]),
    )
    .min(1),
  fallbacks: names.exactOptional(),
  contextFallbacks: names.exactOptional(),
  contentFallbacks: names.exactOptional(),
  retries: z.int().min(0).max(10).exactOptional(),
  limits: attemptLimits.exactOptional(),
  coolDownMs: z.int().min(0).max(3_600_000).exactOptional(),
});

const schema: z.ZodType<SluiceConfig> = z
  .strictObject({
    providers: z
      .record(
        name,
        z.strictObject({
          preset: z
            .string()
            .refine((preset) => preset in PRESETS, `must be one of ${Object.keys(PRESETS).join(", ")}`)
            .exactOptional(),
          baseUrl: secureUrl.exactOptional(),
          models: z.array(z.string()).exactOptional(),
          variables: z.record(z.string(), variable).exactOptional(),
          auth: z.enum(AUTHENTICATIONS).exactOptional(),
          speaks: z.array(z.enum(ANSWER_FORMATS)).min(1).exactOptional(),
          headers: z.record(headerName, z.string()).exactOptional(),
          query: z.record(z.string(), z.string()).exactOptional(),
        }),
      )
      .refine((providers) => Object.keys(providers).length > 0, "must name at least one provider")
      .exactOptional(),
    models: z.record(z.string().min(1), z.union([z.string().min(1), modelRoute])).exactOptional(),
    defaultProvider: z.string().exactOptional(),
    drains: z.record(name, drainSchema).exactOptional(),
    prices: z
      .record(z.string().regex(/^[^/]+\/.+$/, 'must be "provider/model"'), priceOverride)
      .exactOptional(),
    deadMansSwitch: z.boolean().exactOptional(),
    delivery: z.enum(["durable", "fast"]).exactOptional(),
    dropParams: z.union([z.boolean(), z.array(z.string().min(1))]).exactOptional(),
    limits: z
      .strictObject({
        requestBytes: z.int().min(1024).max(MAX_REQUEST_BYTES).exactOptional(),
        captureBytes: z
          .int()
          .min(1024)
          .max(64 * 1024 * 1024)
          .exactOptional(),
        connectTimeoutMs: milliseconds.exactOptional(),
        firstByteTimeoutMs: milliseconds.exactOptional(),
        idleTimeoutMs: milliseconds.exactOptional(),
      })
      .exactOptional(),
    budgets: z
      .strictObject({ settlementGraceMs: z.int().min(0).max(MAX_SETTLEMENT_GRACE_MS).exactOptional() })
      .exactOptional(),
  })
  .superRefine((config, context) => {
    const problem = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const providers = providersOf(config);
    for (const [provider, { preset, baseUrl, variables }] of Object.entries(providers)) {
      const known = PRESETS[preset ?? provider];
      const url = baseUrl ?? known?.baseUrl;
      if (!baseUrl && !known) {
        problem(["providers", provider], "is no known provider: give it a baseUrl or a preset");
      } else if (!url) {
        problem(["providers", provider], "has no address of its own: give it a baseUrl");
      }
      for (const [, name = ""] of url?.matchAll(/\{(\w+)\}/g) ?? []) {
        if (!KNOWN_VARIABLES.has(name) && variables?.[name] === undefined) {
          problem(["providers", provider, "variables", name], `is missing: its base URL is ${url}`);
        }
      }
    }
    for (const [alias, model] of Object.entries(config.models ?? {})) {
      for (const { path, name } of namesIn(model)) {
        const provider = name.split("/")[0] ?? "";
        if (!name.includes("/") || !(provider in providers)) {
          problem(
            ["models", alias, ...path],
            `must be "provider/model" with a configured provider, not "${name}"`,
          );
        }
      }
    }
    if (config.defaultProvider !== undefined && !(config.defaultProvider in providers)) {
      problem(["defaultProvider"], `"${config.defaultProvider}" is not in providers`);
    }
  });

/** Every model that an alias names, and where. */
function namesIn(model: ModelConfig): { readonly path: string[]; readonly name: string }[] {
  if (typeof model === "string") return [{ path: [], name: model }];
  const lists = ["fallbacks", "contextFallbacks", "contentFallbacks"] as const;
  return [
    ...model.targets.map((target, index) => ({
      path: ["targets", String(index)],
      name: typeof target === "string" ? target : target.model,
    })),
    ...lists.flatMap((list) =>
      (model[list] ?? []).map((name, index) => ({ path: [list, String(index)], name })),
    ),
  ];
}

/** Checks what `sluice.config.ts` exports. Throws `ConfigError`. */
export function checkConfig(value: unknown): SluiceConfig {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues
      .map((issue) => `sluice.config.ts: ${issue.path.join(".") || "the default export"}: ${explain(issue)}`)
      .join("\n"),
  );
}

/** Of a bad name, what is bad about it: zod itself only says that it is. */
function explain(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join(" ") : issue.message;
}

/** Checks a config and fills in its defaults. Throws `ConfigError`. */
export function parseConfig(value: unknown, env: ConfigEnvironment = {}): ResolvedConfig {
  return resolveConfig(checkConfig(value), env);
}
