/** Evaluates `app()` of the config, as the SST CLI does before anything else. */
import { build } from "esbuild";

/** What `app()` answers, with the CLI's defaults filled in. */
export interface App {
  name: string;
  stage: string;
  removal: "remove" | "retain" | "retain-all";
  protect: boolean;
  home: string;
  providers: Record<string, unknown>;
}

/** Loads the config and calls `app()` for a stage. */
export async function loadApp(configPath: string, stage: string): Promise<App> {
  const { outputFiles } = await build({
    entryPoints: [configPath],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    // SST's globals are absent here; `app()` may use none but this one.
    banner: { js: "function $config(config) { return config }" },
    external: ["./infra/*"],
  });
  const code = outputFiles[0]?.text ?? "";
  const { default: config } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const defaults = { removal: "retain", protect: false, providers: {} };
  return { ...defaults, ...(await config.app({ stage })), stage };
}
