/** The check of `sluice.config.ts`: at build and at start, never in a function. */
import { ratePerMillionTokens } from "@sluice/prices";
import { PRESETS } from "@sluice/providers";
import * as z from "zod";
import type { SluiceConfig } from "./config.ts";
import { type ConfigEnvironment, MAX_REQUEST_BYTES, type ResolvedConfig, resolveConfig } from "./resolve.ts";

/** The config cannot be used. The message has one line per problem: its path, what is wrong, the remedy. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** https, or http to this machine: keys and content travel over it. */
const secureUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url !== null && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)))
  );
}, "must be an https:// URL (http:// only to localhost)");

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

/** Half a day: an account keeps what is set aside by the minute, and an item has 400 KB. */
const MAX_SETTLEMENT_GRACE_MS = 12 * 60 * 60_000;

const milliseconds = z.int().min(1).max(900_000);

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
        }),
      )
      .refine((providers) => Object.keys(providers).length > 0, "must name at least one provider")
      .exactOptional(),
    models: z.record(z.string().min(1), z.string().min(1)).exactOptional(),
    defaultProvider: z.string().exactOptional(),
    drains: z
      .record(name, z.strictObject({ type: z.enum(["langfuse"]), baseUrl: secureUrl.exactOptional() }))
      .exactOptional(),
    prices: z
      .record(z.string().regex(/^[^/]+\/.+$/, 'must be "provider/model"'), priceOverride)
      .exactOptional(),
    deadMansSwitch: z.boolean().exactOptional(),
    delivery: z.enum(["durable", "fast"]).exactOptional(),
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
    const providers = config.providers ?? { openai: {} };
    for (const [provider, { preset, baseUrl }] of Object.entries(providers)) {
      if (!preset && !baseUrl && !(provider in PRESETS)) {
        problem(["providers", provider], "is no known provider: give it a baseUrl or a preset");
      }
    }
    for (const [alias, target] of Object.entries(config.models ?? {})) {
      const provider = target.split("/")[0] ?? "";
      if (!target.includes("/") || !(provider in providers)) {
        problem(["models", alias], `must be "provider/model" with a configured provider, not "${target}"`);
      }
    }
    if (config.defaultProvider !== undefined && !(config.defaultProvider in providers)) {
      problem(["defaultProvider"], `"${config.defaultProvider}" is not in providers`);
    }
  });

/** Checks what `sluice.config.ts` exports. Throws `ConfigError`. */
export function checkConfig(value: unknown): SluiceConfig {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues
      .map((issue) => `sluice.config.ts: ${issue.path.join(".") || "the default export"}: ${issue.message}`)
      .join("\n"),
  );
}

/** Checks a config and fills in its defaults. Throws `ConfigError`. */
export function parseConfig(value: unknown, env: ConfigEnvironment = {}): ResolvedConfig {
  return resolveConfig(checkConfig(value), env);
}
