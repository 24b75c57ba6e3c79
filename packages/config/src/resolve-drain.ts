/** A drain with every default filled in. Runs at each cold start. */
import type { CaptureMode } from "@sluice/trace";
import type { DrainConfig, KeepConfig, OtlpProtocol, RedactionConfig } from "./drain-config.ts";
import type { RouteCondition } from "./model-config.ts";

/** A drain that can be written to; see `DrainConfig`. */
export interface ResolvedDrain {
  readonly name: string;
  readonly type: DrainConfig["type"];
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly protocol: OtlpProtocol;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: every call. */
  readonly when?: RouteCondition;
  readonly paused: boolean;
  readonly sampleRate: number;
  readonly capture: CaptureMode;
  readonly redaction?: RedactionConfig;
  readonly keep: Readonly<Required<KeepConfig>>;
  readonly media: "langfuse" | "placeholder";
}

const LANGFUSE_CLOUD_URL = "https://cloud.langfuse.com";

/** Fills in a drain's defaults. `langfuseUrl`: the address that wins over that of every drain to Langfuse. */
export function resolveDrain(name: string, drain: DrainConfig, langfuseUrl?: string): ResolvedDrain {
  const { type, when, redaction, keep } = drain;
  const url = (type !== "otlp" && langfuseUrl) || drain.baseUrl || LANGFUSE_CLOUD_URL;
  return {
    name,
    type,
    baseUrl: url.replace(/\/+$/, ""),
    protocol: drain.protocol ?? "http/protobuf",
    headers: drain.headers ?? {},
    ...(when && { when }),
    paused: drain.paused ?? false,
    sampleRate: drain.sampleRate ?? 1,
    capture: drain.capture ?? "full",
    ...(redaction && { redaction }),
    keep: {
      clientIp: keep?.clientIp ?? true,
      userAgent: keep?.userAgent ?? true,
      requestHeaders: keep?.requestHeaders ?? [],
      logprobs: keep?.logprobs ?? false,
    },
    media: drain.media ?? (type === "langfuse" ? "langfuse" : "placeholder"),
  };
}
