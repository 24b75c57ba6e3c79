/** The environment variables of a local run, read once and checked. `docs/development.md` lists them. */
import { parseSecret, type VirtualKeySecret } from "@sluice/keys";
import type { LangfuseTarget } from "./langfuse-target.ts";
import { chooseLangfuse } from "./langfuse-target.ts";
import { StartProblem } from "./start-problem.ts";

/** Environment variables. An empty one counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A local run, as its user wants it. */
export interface Settings {
  /** Of the gateway. 0 takes a free one. */
  readonly port: number;
  /** Of the console: the one after the gateway's. 0 takes a free one. */
  readonly consolePort: number;
  /** Of the built-in sink: the one after the console's. 0 takes a free one. */
  readonly sinkPort: number;
  /** Where state is kept; relative to the project's root. */
  readonly dataDirectory: string;
  /** The virtual key to seed; undefined: the one of the last run, or a new one. */
  readonly localKey?: VirtualKeySecret;
  /** Time limit of the gateway function, ms. */
  readonly gatewayTimeoutMs: number;
  /** Where traces go; undefined: the built-in sink. */
  readonly langfuse?: LangfuseTarget;
}

const DEFAULT_PORT = 8787;
const MAX_PORT = 65_535;
/** Lambda's own limit, seconds. */
const MAX_TIMEOUT_SECONDS = 900;

/** Throws `StartProblem` for a value that makes no sense. */
export function readSettings(env: Environment): Settings {
  const localKey = readLocalKey(env["SLUICE_LOCAL_KEY"]);
  const langfuse = chooseLangfuse(env);
  const port = readInteger(env, "PORT", { from: 0, to: MAX_PORT, otherwise: DEFAULT_PORT });
  return {
    port,
    consolePort: portAfter(port, 1),
    sinkPort: portAfter(port, 2),
    dataDirectory: env["SLUICE_DATA_DIR"] || ".sluice",
    gatewayTimeoutMs:
      1000 *
      readInteger(env, "SLUICE_TIMEOUT_SECONDS", {
        from: 1,
        to: MAX_TIMEOUT_SECONDS,
        otherwise: MAX_TIMEOUT_SECONDS,
      }),
    ...(localKey && { localKey }),
    ...(langfuse && { langfuse }),
  };
}

function portAfter(port: number, distance: number): number {
  return port === 0 || port + distance > MAX_PORT ? 0 : port + distance;
}

function readInteger(
  env: Environment,
  name: string,
  { from, to, otherwise }: { readonly from: number; readonly to: number; readonly otherwise: number },
): number {
  const text = env[name];
  if (!text) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new StartProblem(`${name} is "${text}": set it to a whole number from ${from} to ${to}, or unset it`);
}

function readLocalKey(text: string | undefined): VirtualKeySecret | undefined {
  if (!text) return undefined;
  const secret = parseSecret(text);
  if (secret) return secret;
  throw new StartProblem(
    "SLUICE_LOCAL_KEY has not the form of a virtual key: set it to sk-sluice- and letters, digits, - or _, or unset it",
  );
}
