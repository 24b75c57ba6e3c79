/**
 * Makes the program that `sst deploy` hands to Pulumi: the config's `run()` with SST's components, bundled the way the SST CLI does it
 * (github.com/anomalyco/sst, pkg/js/js.go and pkg/project/run.go).
 */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { SstPlatform } from "../../../scripts/sst-platform.ts";
import type { App } from "./app.ts";

/** The bundle is an ES module with CommonJS inside, which wants these three. */
const commonJsNames = `
import { createRequire as makeRequire } from "node:module";
const require = makeRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

/** Writes the program to `outfile`, an ES module whose default export runs it. */
export async function bundleProgram(
  configPath: string,
  platform: SstPlatform,
  app: App,
  outfile: string,
): Promise<void> {
  const components = JSON.stringify(join(platform.directory, "src/components"));
  const cli = {
    command: "deploy",
    dev: false,
    paths: {
      home: tmpdir(),
      root: dirname(configPath),
      // Zips are written below this directory: a fresh one, so that evaluations do not meet.
      work: dirname(outfile),
      platform: platform.directory,
    },
    state: { version: {} },
  };
  await build({
    stdin: {
      contents: `
        import { run } from ${JSON.stringify(join(platform.directory, "src/auto/run.ts"))};
        import config from ${JSON.stringify(configPath)};
        export default () => run(config.run);
      `,
      resolveDir: dirname(configPath),
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    outfile,
    logLevel: "error",
    banner: { js: commonJsNames },
    nodePaths: [join(platform.directory, "node_modules")],
    define: { $app: JSON.stringify(app), $cli: JSON.stringify(cli), $dev: "false" },
    inject: [join(platform.directory, "src/shim/run.js")],
    external: [
      "@pulumi/*",
      "@pulumiverse/*",
      "@sst-provider/*",
      "@aws-sdk/*",
      "archiver",
      "esbuild",
      "glob",
      "undici",
      "vite",
    ],
    plugins: [
      injectGlobals([
        ...platform.providers.map((provider) => `import * as ${provider.alias} from "${provider.package}";`),
        `import * as sst from ${components};`,
      ]),
    ],
  });
}

/** Puts the globals `sst`, `aws`, … over each module that is not SST's own. */
function injectGlobals(imports: string[]): Plugin {
  return {
    name: "inject-globals",
    setup: (build) => {
      build.onLoad({ filter: /\.(js|ts)$/ }, async ({ path }) => {
        if (/[\\/](\.sst|node_modules)[\\/]/.test(path)) return null;
        return { contents: `${imports.join("\n")}\n${await readFile(path, "utf8")}`, loader: "default" };
      });
    },
  };
}
