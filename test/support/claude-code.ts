/** Claude Code, asked one question without a terminal, and cut off from everything but the gateway. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** How Claude Code is set up. */
export interface ClaudeCodeSetup {
  /** `ANTHROPIC_BASE_URL`: without `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly prompt: string;
  readonly model?: string;
  /** Sent with each call to the API. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What it printed: its own account of the session (`--output-format json`). */
export interface ClaudeCodeResult {
  readonly result: string;
  readonly is_error: boolean;
  readonly num_turns: number;
  readonly session_id: string;
  readonly stop_reason: string | null;
  readonly usage: Readonly<Record<string, unknown>>;
}

const PACKAGE = createRequire(import.meta.url).resolve("@anthropic-ai/claude-code/package.json");
/** Nothing listens there: a call to anywhere but this machine fails at once. */
const NOWHERE = "http://127.0.0.1:9";

/** Asks Claude Code. Throws what it wrote when it printed no result. */
export async function askClaudeCode(setup: ClaudeCodeSetup): Promise<ClaudeCodeResult> {
  const home = await mkdtemp(join(tmpdir(), "sluice-claude-"));
  const options = ["--output-format", "json", ...(setup.model ? ["--model", setup.model] : [])];
  const child = spawn(process.execPath, [join(dirname(PACKAGE), "cli.js"), "-p", setup.prompt, ...options], {
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      ANTHROPIC_BASE_URL: setup.baseUrl,
      ANTHROPIC_API_KEY: setup.apiKey,
      ANTHROPIC_CUSTOM_HEADERS: Object.entries(setup.headers ?? {})
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n"),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      CLAUDE_CODE_MAX_RETRIES: "0",
      HTTPS_PROXY: NOWHERE,
      HTTP_PROXY: NOWHERE,
      NO_PROXY: "127.0.0.1",
    },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 90_000,
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name] += chunk.toString("utf8");
    });
  }
  await once(child, "close");
  await rm(home, { recursive: true, force: true });
  try {
    return JSON.parse(output.stdout) as ClaudeCodeResult;
  } catch (cause) {
    throw new Error(`Claude Code printed no result: ${output.stdout}${output.stderr}`, { cause });
  }
}
