/**
 * Makes sure that SST's component sources and types are in `.sst/platform`, which is not in the repository: `sst.config.ts` is
 * type-checked against them, and the infrastructure tests evaluate them.
 *
 * Needs neither AWS nor a network. `sst install` looks its provider package up in the npm registry and then runs `bun install`; here a
 * registry on loopback answers from `node_modules`, and `true` stands in for bun, because the platform's dependencies are in our
 * lockfile. `sst deploy` notices that its own `node_modules` is missing and makes the complete installation then.
 *
 * Run: `node scripts/sst-platform.ts`
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/** Where the parts of an installed platform are. */
export interface SstPlatform {
  /** SST's working directory, `<root>/.sst`. */
  workDirectory: string;
  /** The component sources, `<root>/.sst/platform`. */
  directory: string;
  /** The provider packages whose names are globals of `sst.config.ts`, as in `aws` for `@pulumi/aws`. */
  providers: { alias: string; package: string; version: string }[];
}

/**
 * Returns the platform of the project at `root`, installing it when it is absent or from another version of SST. Safe to call from many
 * processes at once: each installs aside and moves the result into place, and the first one wins.
 *
 * @throws when `sst install` fails, with what it printed.
 */
export async function ensureSstPlatform(root: string): Promise<SstPlatform> {
  if (!(await isInstalled(root))) await install(root);
  const { workDirectory, directory, lockFile } = paths(root);
  return { workDirectory, directory, providers: JSON.parse(await readFile(lockFile, "utf8")) };
}

function paths(root: string) {
  const workDirectory = join(root, ".sst");
  return {
    workDirectory,
    directory: join(workDirectory, "platform"),
    lockFile: join(workDirectory, "provider-lock.json"),
  };
}

async function isInstalled(root: string): Promise<boolean> {
  const { directory, lockFile } = paths(root);
  const types = join(directory, "config.d.ts");
  const version = join(directory, "version");
  if (![types, version, lockFile].every((path) => existsSync(path))) return false;
  const sst: { version: string } = JSON.parse(
    await readFile(join(root, "node_modules/sst/package.json"), "utf8"),
  );
  return (await readFile(version, "utf8")).trim() === sst.version;
}

async function install(root: string): Promise<void> {
  const { workDirectory, directory, lockFile } = paths(root);
  await mkdir(workDirectory, { recursive: true });
  // Inside the working directory, so that the moves below stay on one file system.
  const aside = await mkdtemp(join(workDirectory, "install-"));
  const registry = await serveInstalledPackages(root);
  try {
    for (const entry of ["sst.config.ts", "infra", "package.json", "node_modules"]) {
      await symlink(join(root, entry), join(aside, entry));
    }
    await runSstInstall(root, aside, `http://127.0.0.1:${(registry.address() as AddressInfo).port}`);
    // The lock first: whoever sees the platform sees its lock too.
    await rename(join(aside, ".sst/provider-lock.json"), lockFile);
    await moveIntoPlace(join(aside, ".sst/platform"), directory, root, aside);
  } finally {
    registry.close();
    await rm(aside, { recursive: true, force: true });
  }
}

async function runSstInstall(root: string, cwd: string, registryUrl: string): Promise<void> {
  const launcher = join(root, "node_modules/sst/bin/sst.mjs");
  const environment = {
    ...process.env,
    NPM_REGISTRY: registryUrl,
    SST_BUN_PATH: existsSync("/bin/true") ? "/bin/true" : "/usr/bin/true",
    SST_SKIP_DEPENDENCY_CHECK: "1",
    SST_TELEMETRY_DISABLED: "1",
  };
  try {
    // The stage is asked for and then not used: an installation is the same for each.
    const options = { cwd, env: environment, encoding: "utf8" } as const;
    await promisify(execFile)(
      process.execPath,
      [launcher, "install", "--stage", "check", "--print-logs"],
      options,
    );
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`sst install failed; is npm ci complete?\n${stdout}${stderr}`, { cause: error });
  }
}

/** An npm registry that knows the packages in `node_modules`, each in the version that is there. */
async function serveInstalledPackages(root: string): Promise<Server> {
  const server = createServer((request, response) => {
    // GET /@pulumi/aws/latest
    const name = decodeURIComponent(request.url ?? "")
      .split("/")
      .slice(1, -1)
      .join("/");
    readFile(join(root, "node_modules", name, "package.json"), "utf8").then(
      (manifest) => response.end(manifest),
      () => response.writeHead(404).end(),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/** Moves a fresh platform into place. When another process was first, its platform stays; one of another version goes. */
async function moveIntoPlace(source: string, target: string, root: string, scratch: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (!isCode(error, "ENOTEMPTY", "EEXIST")) throw error;
    if (await isInstalled(root)) return;
    await rename(target, join(scratch, "replaced"));
    await rename(source, target);
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}

if (import.meta.main) await ensureSstPlatform(resolve(import.meta.dirname, ".."));
