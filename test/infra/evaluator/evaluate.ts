/**
 * Evaluates the real `sst.config.ts` with the real components of SST, and Pulumi's mocks in the place of AWS. Needs no account, no
 * credentials and no network.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
import { ensureSstPlatform } from "../../../scripts/sst-platform.ts";
import { type App, loadApp } from "./app.ts";
import { startCliServer } from "./cli-server.ts";
import type { Resource, ResourceGraph } from "./graph.ts";
import { awsMocks } from "./mocks.ts";
import { bundleProgram } from "./program.ts";

export const root = resolve(import.meta.dirname, "../../..");

/** The result of one evaluation. */
export interface Evaluation extends ResourceGraph {
  app: App;
  /** Holds the zips that SST would upload. Whoever evaluates removes it. */
  workDirectory: string;
}

/** What an evaluation depends on. */
export interface EvaluateOptions {
  stage: string;
  /** Environment variables of the evaluation. Default: take `dist/` as it is, since tests beside this one read it. */
  environment?: Record<string, string>;
}

/**
 * Evaluates the config for a stage. One at a time in a process: Pulumi keeps its state in globals.
 *
 * @throws whatever the config, a component or a resource throws.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { stage, environment = { SLUICE_PREBUILT: "1" } } = options;
  const configPath = join(root, "sst.config.ts");
  const platform = await ensureSstPlatform(root);
  const app = await loadApp(configPath, stage);
  // Inside the platform's directory, because the program resolves its packages from where it lies.
  const workDirectory = await mkdtemp(join(platform.directory, "evaluation-"));
  const program = join(workDirectory, "program.mjs");
  const cliServer = await startCliServer(workDirectory);
  try {
    await bundleProgram(configPath, platform, app, program);
    for (const [name, value] of Object.entries({ ...environment, SST_SERVER: cliServer.url })) {
      vi.stubEnv(name, value);
    }
    // SST changes to the project's root, where the tests are already; a worker thread may not change its directory.
    vi.spyOn(process, "chdir").mockReturnValue();

    const resources: Resource[] = [];
    // The very instance that the program imports.
    const pulumi = createRequire(program)("@pulumi/pulumi") as typeof Pulumi;
    await pulumi.runtime.setMocks(awsMocks(resources), app.name, stage, false);
    const outputs = await orFirstRejection(runProgram(pulumi, program));
    return { app, workDirectory, resources, outputs };
  } catch (error) {
    await rm(workDirectory, { recursive: true });
    throw error;
  } finally {
    cliServer.close();
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  }
}

async function runProgram(pulumi: typeof Pulumi, program: string): Promise<Record<string, unknown>> {
  const { default: run } = await import(pathToFileURL(program).href);
  // As the program of a stack, so that each registration is waited for.
  const outputs = await pulumi.runtime.runInPulumiStack(run);
  await pulumi.runtime.disconnect();
  return new Promise((resolve) => {
    pulumi.output(outputs).apply((values) => resolve(values as Record<string, unknown>));
  });
}

/** A component that throws in the middle rejects a promise that nobody holds, and Pulumi then waits for ever. */
async function orFirstRejection<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  process.on("unhandledRejection", reject);
  try {
    return await Promise.race([work, promise]);
  } finally {
    process.off("unhandledRejection", reject);
  }
}
