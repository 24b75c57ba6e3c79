import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Which packages each package may import: the arrows of the design, held. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | "anything">> = {
  trace: [],
  wire: [],
  translate: ["wire"],
  prices: ["providers", "wire"],
  ledger: ["prices"],
  keys: ["ledger", "prices"],
  providers: ["trace"],
  config: ["prices", "providers", "redaction", "trace"],
  langfuse: ["prices", "trace", "wire"],
  redaction: ["langfuse", "trace", "wire"],
  otlp: ["langfuse", "wire"],
  gateway: ["config", "keys", "ledger", "prices", "providers", "trace", "translate", "wire"],
  flusher: ["config", "langfuse", "ledger", "prices", "redaction", "trace", "wire"],
  aws: ["flusher", "gateway", "keys", "langfuse", "ledger", "prices", "trace"],
  local: "anything",
  cli: "anything",
  console: "anything",
};

interface SourceFile {
  readonly path: string;
  readonly imports: readonly string[];
}

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() && /\.[cm]?tsx?$/.test(entry.name) && !entry.parentPath.includes("node_modules"),
    )
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, "utf8");
      const imports = [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map((match) => match[1] ?? "");
      return { path: relative(ROOT, path), imports };
    });
}

const packages = readdirSync(join(ROOT, "packages"));

describe("the layout", () => {
  it("has a rule for every package", () => {
    expect(packages.toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
  });

  it.each(packages)("lets packages/%s import only what the arrows allow", (name) => {
    const allowed = MAY_IMPORT[name];
    const strays = sourcesIn(`packages/${name}`).flatMap(({ path, imports }) =>
      imports
        .flatMap((from) => /^@sluice\/([^/]+)/.exec(from)?.[1] ?? [])
        .filter((other) => other !== name && allowed !== "anything" && !allowed?.includes(other))
        .map((other) => `${path} imports @sluice/${other}`),
    );
    expect(strays).toEqual([]);
  });

  it("lets only packages/aws, local and cli know the AWS SDK", () => {
    const strays = sourcesIn("packages")
      .filter(({ path }) => !/^packages\/(aws|local|cli)\//.test(path))
      .filter(({ imports }) => imports.some((from) => from.startsWith("@aws-sdk/")));
    expect(strays.map(({ path }) => path)).toEqual([]);
  });

  it("lets nothing that is deployed import packages/local or packages/cli, and infra/ no package at all", () => {
    const strays = [...sourcesIn("packages"), ...sourcesIn("functions")]
      .filter(({ path }) => !/^packages\/(local|cli|console)\//.test(path))
      .filter(({ imports }) => imports.some((from) => /^@sluice\/(local|cli)/.test(from)));
    const infra = sourcesIn("infra").filter(({ imports }) =>
      imports.some((from) => from.startsWith("@sluice/") || from.includes("packages/")),
    );
    expect([...strays, ...infra].map(({ path }) => path)).toEqual([]);
  });

  it("lets nothing but packages/local and the build know the console", () => {
    const strays = [...sourcesIn("packages"), ...sourcesIn("functions"), ...sourcesIn("infra")]
      .filter(({ path }) => !/^packages\/(local|console)\//.test(path))
      .filter(({ imports }) => imports.some((from) => from.startsWith("@sluice/console")));
    expect(strays.map(({ path }) => path)).toEqual([]);
  });

  it("has no drawer without a name", () => {
    const folders = ["packages", "functions", "infra", "scripts", "test"];
    const drawers = folders
      .flatMap(sourcesIn)
      .filter(({ path }) => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.[a-z]+$)/.test(path));
    expect(drawers.map(({ path }) => path)).toEqual([]);
  });
});
