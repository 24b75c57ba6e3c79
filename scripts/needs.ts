/**
 * What the config needs of the account it is deployed to. The infrastructure must not read the config, which is code of the
 * functions, so that the build tells it: `dist/needs.json`.
 */
import { writeFile } from "node:fs/promises";
import { resolveConfig, type SluiceConfig } from "@sluice/config";

/** What the functions must be allowed, beside what every Sluice needs. */
export interface Needs {
  /** A provider is called with the gateway's own role: Amazon Bedrock. */
  readonly bedrock: boolean;
}

/** Reads it off a config that has been checked. */
export function needsOf(config: SluiceConfig): Needs {
  const providers = Object.values(resolveConfig(config, {}).providers);
  return { bedrock: providers.some(({ auth }) => auth === "aws-sigv4") };
}

/** Writes `needs.json` into the folder of a build. */
export async function writeNeeds(config: SluiceConfig, outdir: string): Promise<void> {
  await writeFile(`${outdir}/needs.json`, `${JSON.stringify(needsOf(config))}\n`);
}
