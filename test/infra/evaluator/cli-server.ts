/** Stands in for the SST CLI, which the components ask over HTTP for what they cannot do themselves. */

import { once } from "node:events";
import { cp, mkdir, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";

/** A running stand-in. */
export interface CliServer {
  url: string;
  close(): void;
}

/** The part of `Runtime.Build`'s input that a prebuilt bundle needs. */
interface BuildInput {
  functionID: string;
  handler: string;
  /** The directory to ship. */
  bundle?: string;
}

/** Starts the stand-in on a free port. Copies of the bundles go below `workDirectory`. */
export async function startCliServer(workDirectory: string): Promise<CliServer> {
  const server = createServer((request, response) => {
    answer(request, workDirectory).then(
      (result) => response.end(JSON.stringify({ result })),
      (error: unknown) => response.end(JSON.stringify({ error: String(error) })),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

async function answer(request: IncomingMessage, workDirectory: string): Promise<unknown> {
  const call = (await json(request)) as { method: string; params: [BuildInput] };
  switch (call.method) {
    case "Provider.Aws.Bootstrap":
      return { asset: "sst-asset", state: "sst-state" };
    case "Runtime.Build":
      return takeBundle(call.params[0], workDirectory);
    default:
      throw new Error(`rpc: can't find ${call.method}`);
  }
}

/**
 * What the CLI does with a function that names a `bundle` (github.com/anomalyco/sst, pkg/runtime/runtime.go): takes the directory as it is and
 * writes the encrypted links into it. Here into a copy, because tests beside this one read `dist/`.
 */
async function takeBundle({ functionID, handler, bundle }: BuildInput, workDirectory: string) {
  if (!bundle) throw new Error(`${functionID} has no bundle: SST would build it, and we ship our own build`);
  await stat(join(bundle, "index.mjs")).catch(() => {
    throw new Error(`${join(bundle, "index.mjs")} does not exist: run \`npm run build\` first`);
  });
  const out = join(workDirectory, `${functionID}-src`);
  await mkdir(out, { recursive: true });
  await cp(bundle, out, { recursive: true });
  await writeFile(join(out, "resource.enc"), "the links, encrypted");
  return { handler, out, errors: [], sourcemaps: [] };
}
