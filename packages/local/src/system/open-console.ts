/** The console of a local system. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { PortInUseError } from "../loopback.ts";
import type { Sink } from "../sink/server.ts";
import { openSpanFeed } from "../sink/span-feed.ts";
import type { DataDirectory } from "./data-directory.ts";
import type { LocalEndpoints } from "./endpoints-file.ts";
import type { LocalOptions } from "./local-system.ts";
import { SINK_FILE } from "./parts.ts";
import type { Settings } from "./settings.ts";
import { StartProblem } from "./start-problem.ts";

/** What the console shows, and where it is kept. */
export interface ConsolePlan {
  /** The project's root, in which the page was built. */
  readonly root: string;
  readonly directory: DataDirectory;
  readonly settings: Settings;
  readonly system: LocalEndpoints;
  readonly sink: Sink | undefined;
}

/**
 * Starts it and returns its URL: beside the gateway's port, unless that one is taken. Throws `StartProblem` when the page was not
 * built. It is ended with `running`.
 */
export async function openConsole(
  { root, directory, settings, system, sink }: ConsolePlan,
  { log }: Pick<LocalOptions, "log">,
  running: AsyncDisposableStack,
): Promise<string> {
  const page = join(root, "dist/console");
  if (!existsSync(join(page, "index.html"))) {
    throw new StartProblem("dist/console/index.html is missing: run `npm run build`");
  }
  // Loaded here, so that a system without it need not wait for it.
  const { startConsole } = await import("@sluice/console");
  const start = (port: number) =>
    startConsole({
      port,
      page,
      system,
      sink,
      feed: sink && openSpanFeed(directory.file(SINK_FILE)),
      userName: userInfo().username,
      nowMs: Date.now,
      random: randomBytes,
      log: (line) => log?.("console", line),
    });
  const console = await start(settings.consolePort).catch((error: unknown) => {
    if (error instanceof PortInUseError) return start(0);
    throw error;
  });
  running.defer(() => console.close());
  return console.url;
}
