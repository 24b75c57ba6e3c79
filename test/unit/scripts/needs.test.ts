import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SluiceConfig } from "@sluice/config";
import { expect, it, onTestFinished } from "vitest";
import { needsOf, writeNeeds } from "../../../scripts/needs.ts";

it.each<[string, SluiceConfig, boolean]>([
  ["the default, which has every provider that needs no more than a key or the role", {}, true],
  ["a config without Bedrock", { providers: { openai: {} } }, false],
  ["Bedrock under another name", { providers: { aws: { preset: "bedrock" } } }, true],
  [
    "a server that is signed for",
    { providers: { it: { baseUrl: "https://x.example", auth: "aws-sigv4" } } },
    true,
  ],
])("%s: may the gateway call Bedrock?", (_what, config, bedrock) => {
  expect(needsOf(config)).toEqual({ bedrock });
});

it("is written beside the functions, where the infrastructure reads it", async () => {
  const outdir = await mkdtemp(join(tmpdir(), "sluice-needs-"));
  onTestFinished(() => rm(outdir, { recursive: true }));
  await writeNeeds({ providers: { openai: {} } }, outdir);
  expect(JSON.parse(await readFile(join(outdir, "needs.json"), "utf8"))).toEqual({ bedrock: false });
});
