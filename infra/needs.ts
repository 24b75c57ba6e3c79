import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What the config needs of the account, as the build of the functions found it (`scripts/needs.ts`). */
export interface Needs {
  /** A provider is called with the gateway's own role: Amazon Bedrock. */
  bedrock: boolean;
}

/**
 * Reads `dist/needs.json`.
 *
 * @throws when it is not there, or is not what the build writes.
 */
export function readNeeds(): Needs {
  const path = resolve("dist", "needs.json");
  let needs: unknown;
  try {
    needs = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`${path} cannot be read: run npm run build, which writes it beside the functions.`, {
      cause,
    });
  }
  const bedrock: unknown = Object(needs)["bedrock"];
  if (typeof bedrock !== "boolean") {
    throw new Error(`${path} does not say whether Bedrock is called: run npm run build of this version.`);
  }
  return { bedrock };
}
