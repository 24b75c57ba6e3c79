/** Every field that a config may have against the document that explains them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseConfig } from "@sluice/config/schema";
import { describe, expect, it } from "vitest";
import example from "../../../docs/examples/sluice.config.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** Where each interface stands in a config, as the document's tables name it. */
const PLACES: Readonly<Record<string, { readonly table: string; readonly prefix?: string }>> = {
  SluiceConfig: { table: "field" },
  LimitsConfig: { table: "field", prefix: "limits." },
  BudgetsConfig: { table: "field", prefix: "budgets." },
  ProviderConfig: { table: "field of `providers.<name>`" },
  ModelRouteConfig: { table: "field of `models.<alias>`" },
  TargetConfig: { table: "field of a target" },
  RouteCondition: { table: "field of a target" },
  AttemptLimitsConfig: { table: "field of an alias's or a target's `limits`" },
  PriceOverride: { table: "field of `prices.<provider/model>`" },
  DrainConfig: { table: "field of `drains.<name>`" },
  RedactionConfig: { table: "field of `drains.<name>`", prefix: "redaction." },
  KeepConfig: { table: "field of `drains.<name>`", prefix: "keep." },
};

const SOURCES = [
  "packages/config/src/config.ts",
  "packages/config/src/model-config.ts",
  "packages/config/src/drain-config.ts",
  "packages/prices/src/price-override.ts",
];

/** The fields of every exported interface of the config's types. */
async function fields(): Promise<readonly (readonly [type: string, field: string])[]> {
  const texts = await Promise.all(SOURCES.map((file) => readFile(join(ROOT, file), "utf8")));
  return texts.flatMap((text) =>
    [...text.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].flatMap(([, type = "", body = ""]) =>
      [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => [type, field] as const),
    ),
  );
}

/** The rows of the table whose head begins with that cell. */
function tableOf(document: string, head: string): string {
  const start = document.indexOf(`| ${head} | meaning |`);
  return start < 0 ? "" : document.slice(start, document.indexOf("\n\n", start));
}

describe("docs/configuration.md", async () => {
  const document = await readFile(join(ROOT, "docs/configuration.md"), "utf8");
  const all = await fields();

  it("is read with every type of the config", () => {
    expect([...new Set(all.map(([type]) => type))].toSorted()).toEqual(Object.keys(PLACES).toSorted());
  });

  it.each(all)("explains %s.%s in its table", (type, field) => {
    const { table, prefix = "" } = PLACES[type] ?? { table: "" };
    // `providers`, `models.<alias>`, `limits.requestBytes`: a name alone, or the beginning of one.
    expect(tableOf(document, table)).toMatch(new RegExp(`\`${prefix.replace(".", "\\.")}${field}[\`.]`));
  });
});

it("the example passes the config's own check", () => {
  expect(Object.keys(parseConfig(example).routes)).toContain("smart");
});
