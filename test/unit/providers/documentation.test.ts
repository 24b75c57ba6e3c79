/** The table of providers in the docs against the presets. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PRESETS } from "@sluice/providers";
import { expect, it } from "vitest";

const DOCUMENT = join(import.meta.dirname, "../../../docs/providers.md");

/** Rows `| name | base URL | auth | speaks | models |`. */
async function rows() {
  const text = await readFile(DOCUMENT, "utf8");
  const lines = [...text.matchAll(/^\| `([a-z]+)` \| ([^|]*) \| `([a-z0-9-]+)` \| [^|]* \| ([^|]*)\|$/gm)];
  return Object.fromEntries(
    lines.map(([, name = "", address = "", auth = "", models = ""]) => [
      name,
      { address, auth, models: [...models.matchAll(/`([^`]+)`/g)].map(([, glob]) => glob) },
    ]),
  );
}

it("has every provider with its address, its authentication and the names that it claims", async () => {
  const documented = await rows();
  expect(Object.keys(documented).toSorted()).toEqual(Object.keys(PRESETS).toSorted());
  for (const [name, { baseUrl, auth, models }] of Object.entries(PRESETS)) {
    expect(documented[name]).toMatchObject({ auth, models });
    // Of a provider that has none of its own the table gives an example.
    expect(documented[name]?.address.startsWith(baseUrl === "" ? "yours" : `\`${baseUrl}\``)).toBe(true);
  }
});
