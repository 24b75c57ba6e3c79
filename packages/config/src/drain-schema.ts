/** The check of a drain in `sluice.config.ts`. */
import { createTextRedactor } from "@sluice/redaction";
import { CAPTURE_MODES } from "@sluice/trace";
import * as z from "zod";
import { DETECTORS, DRAIN_TYPES, type DrainConfig, OTLP_PROTOCOLS } from "./drain-config.ts";
import { headerName, routeCondition, secureUrl } from "./schema-parts.ts";

/** Headers that the exporter sets itself, or whose values are secret. */
const TAKEN_HEADERS = /^(content-(type|length|encoding)|host|connection|transfer-encoding)$/;
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie|.*(api-?key|token|secret).*)$/;

const header = headerName
  .refine((name) => !TAKEN_HEADERS.test(name), "is set by the drain itself")
  .refine(
    (name) => !SECRET_HEADERS.test(name),
    "is a secret and must not stand in the code: store it in the drains' secret, under the drain's name, member headers",
  );

/** A drain; what fits no drain of its type is refused. */
export const drainSchema: z.ZodType<DrainConfig> = z
  .strictObject({
    type: z.enum(DRAIN_TYPES),
    baseUrl: secureUrl.exactOptional(),
    protocol: z.enum(OTLP_PROTOCOLS).exactOptional(),
    headers: z.record(header, z.string()).exactOptional(),
    when: routeCondition.exactOptional(),
    paused: z.boolean().exactOptional(),
    sampleRate: z.number().min(0).max(1).exactOptional(),
    capture: z.enum(CAPTURE_MODES).exactOptional(),
    redaction: z
      .strictObject({
        detectors: z.array(z.enum(DETECTORS)).exactOptional(),
        patterns: z
          .record(z.string().regex(/^[\w-]+$/, "must be letters, digits, - or _"), z.string().min(1))
          .exactOptional(),
        hashUserIds: z.boolean().exactOptional(),
      })
      .exactOptional(),
    keep: z
      .strictObject({
        clientIp: z.boolean().exactOptional(),
        userAgent: z.boolean().exactOptional(),
        requestHeaders: z.array(headerName).exactOptional(),
        logprobs: z.boolean().exactOptional(),
      })
      .exactOptional(),
    media: z.enum(["langfuse", "placeholder"]).exactOptional(),
  })
  .superRefine((drain, context) => {
    const problem = (field: keyof DrainConfig, message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    for (const [name, pattern] of Object.entries(drain.redaction?.patterns ?? {})) {
      const message = problemOf(name, pattern);
      if (message !== undefined) {
        context.addIssue({ code: "custom", path: ["redaction", "patterns", name], message });
      }
    }
    if (drain.type !== "langfuse") {
      if (drain.baseUrl === undefined)
        problem("baseUrl", `is missing: a drain of type ${drain.type} has no default`);
      if (drain.media === "langfuse")
        problem("media", `cannot be "langfuse" for type ${drain.type}, which takes no media`);
    }
    if (drain.type !== "otlp") {
      if (drain.protocol !== undefined) problem("protocol", `is for type otlp only, not ${drain.type}`);
      if (drain.headers !== undefined) problem("headers", `is for type otlp only, not ${drain.type}`);
    }
    if (drain.type === "otlp" && drain.baseUrl?.replace(/\/+$/, "").endsWith("/v1/traces")) {
      problem("baseUrl", "must stop before /v1/traces, which the drain adds");
    }
  });

/** What is wrong with a pattern of redaction, by the engine that will run it; undefined when nothing is. */
function problemOf(name: string, pattern: string): string | undefined {
  try {
    createTextRedactor({ patterns: { [name]: pattern } });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
