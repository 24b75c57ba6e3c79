import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const GATEWAY = join(import.meta.dirname, "../../dist/gateway");

/** The files that Node loads before the first call: the entry, and what it imports statically. */
function loadedAtStart(): ReadonlyMap<string, string> {
  const loaded = new Map<string, string>();
  const queue = ["index.mjs"];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (loaded.has(file)) continue;
    const text = readFileSync(join(GATEWAY, file), "utf8");
    loaded.set(file, text);
    const imports = text.matchAll(/(?:import|export)\s*(?:[^"'();]*?from\s*)?"\.\/([^"]+)"/g);
    queue.push(...Array.from(imports, ([, imported]) => String(imported)));
  }
  return loaded;
}

describe("what the gateway loads at its start", () => {
  it("is no larger than it has to be: every kilobyte is paid for at each cold start", () => {
    const bytes = loadedAtStart()
      .values()
      .reduce((sum, text) => sum + text.length, 0);
    // It was 310,715 bytes when it served two endpoints of one format (docs/performance.md).
    expect(bytes).toBeLessThan(325_000);
  });

  it.each([
    ["translation", "reasoning_details"],
    ["prices", "genai-prices"],
    ["budgets", "cost_unbounded"],
    ["signatures for Bedrock", "anthropic_version"],
    ["Google's tokens", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
    ["fallbacks", "context_length_exceeded"],
    ["the list of models", "display_name"],
  ])("has nothing of %s, which few calls need", (_what, mark) => {
    const text = [...loadedAtStart().values()].join("\n");
    expect(text).not.toContain(mark);
  });
});
