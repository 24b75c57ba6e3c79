/** Builds both functions into dist/: what is deployed, what runs locally, and what the tests test; and beside them the console's page. */
import { readFile, rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { ConfigError, checkConfig } from "@sluice/config/schema";
import { bundlePage } from "@sluice/console/bundle";
import { build as bundle, type Plugin } from "esbuild";
import { writeNeeds } from "./needs.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** CommonJS inside the bundle asks for `require`, which an ES module does not have. */
const BANNER = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/** Parts of the SDK that cost start-up time and are never of use in a function, and what stands in for each. */
const SDK_PARTS: readonly (readonly [part: RegExp, file: string])[] = [
  [/^@aws-sdk\/credential-provider-node$/, "functions/environment-credentials.ts"],
  [/^@aws-sdk\/endpoint-cache$/, "functions/endpoint-cache.ts"],
];

const slimSdk: Plugin = {
  name: "slim-sdk",
  setup(build) {
    for (const [filter, file] of SDK_PARTS) build.onResolve({ filter }, () => ({ path: ROOT + file }));
  },
};

/**
 * An ES module that imports `node:http` reads every export of it for its facade, and one of them is a getter that loads
 * undici: 10 ms of each cold start (docs/performance.md). Asked for as a builtin object, nothing is read but what is used.
 */
const builtinHttp: Plugin = {
  name: "builtin-http",
  setup(build) {
    build.onResolve({ filter: /^(node:)?http$/ }, () => ({
      path: "http",
      namespace: "builtin",
      sideEffects: false,
    }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, () => ({
      contents: 'module.exports = process.getBuiltinModule("node:http");',
    }));
  },
};

/** What is built, and where to. */
export interface BuildOptions {
  /** The config's file, absolute. Default: the project's `sluice.config.ts`. */
  readonly configFile?: string;
  /** Gets a folder for each function, and one for the page. Default: the project's `dist`. */
  readonly outdir?: string;
}

const configAt = (path: string): Plugin => ({
  name: "config",
  setup(build) {
    build.onResolve({ filter: /\/sluice\.config\.ts$/ }, () => ({ path }));
  },
});

/** Checks the config and writes gateway, flusher and the console's page. Throws `ConfigError` for a bad config. */
export async function build(options: BuildOptions = {}): Promise<void> {
  const { configFile = `${ROOT}sluice.config.ts`, outdir = `${ROOT}dist` } = options;
  const config = (await import(pathToFileURL(configFile).href)) as { default: unknown };
  const checked = checkConfig(config.default);
  const { version } = JSON.parse(await readFile(`${ROOT}package.json`, "utf8")) as { version: string };
  await Promise.all([
    ...["gateway", "flusher"].map((name) => buildFunction(name, version, { configFile, outdir })),
    bundlePage(`${outdir}/console`),
  ]);
  await writeNeeds(checked, outdir);
}

async function buildFunction(name: string, version: string, options: Required<BuildOptions>): Promise<void> {
  const outdir = `${options.outdir}/${name}`;
  await rm(outdir, { recursive: true, force: true });
  await bundle({
    entryPoints: [{ in: `${ROOT}functions/${name}.ts`, out: "index" }],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    chunkNames: "[name]-[hash]",
    platform: "node",
    format: "esm",
    target: "node24",
    mainFields: ["module", "main"],
    minify: true,
    keepNames: false,
    legalComments: "none",
    sourcemap: false,
    banner: { js: BANNER },
    define: { SLUICE_VERSION: JSON.stringify(version) },
    plugins: [slimSdk, builtinHttp, configAt(options.configFile)],
    logLevel: "error",
  });
}

if (import.meta.main) {
  await build().catch((error: unknown) => {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
