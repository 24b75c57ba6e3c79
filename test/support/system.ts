/** The whole local system inside a test: built bundles, a data directory of its own, free ports. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalOptions, type LocalSystem, startLocal } from "../../packages/local/src/index.ts";
import type { SpanView } from "../../packages/local/src/sink/span-view.ts";

/** A system under test. Stopping it removes its data. */
export interface TestSystem extends LocalSystem {
  /** What functions and parts wrote, a line each. */
  readonly lines: readonly string[];
  /** Every observation that the sink has. */
  spans(): readonly SpanView[];
}

/** Starts a system. `env` as for `npm start`. */
export async function startSystem(
  env: Readonly<Record<string, string>> = {},
  options: Partial<LocalOptions> = {},
): Promise<TestSystem> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-test-"));
  const lines: string[] = [];
  const system = await startLocal({
    batchWindowSeconds: 0,
    log: (source, line) => lines.push(`${source} ${line}`),
    ...options,
    env: { PORT: "0", SLUICE_DATA_DIR: join(directory, "data"), ...env },
  });
  return {
    ...system,
    lines,
    spans: () => system.sink?.traces(100_000).flatMap(({ spans }) => spans) ?? [],
    async stop() {
      await system.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
