/** The recorded calls of the corpus, on their whole way through the flusher. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { observe } from "@sluice/flusher";
import { callSpans } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";
import type { BatchResult } from "../../support/batch-program.ts";
import { type CorpusCase, corpusCases, corpusExpectation } from "../../support/corpus.ts";
import { corpusRecord } from "../../support/corpus-records.ts";
import { startLangfuseEndpoint } from "../../support/langfuse-endpoint.ts";

/** What the flusher may have at the most, bytes. */
const MEMORY_BYTES = 512 * 2 ** 20;

const cases = corpusCases();

it.runIf(cases === undefined)("the corpus is absent, so no recorded call is flushed", ({ skip }) => {
  expect(cases).toBeUndefined();
  skip("no ../shared/corpus beside the repository, and SLUICE_CORPUS is not set");
});

describe.runIf(cases)("a thousand recorded calls in one batch", () => {
  it("are flushed within 512 MB, a trace for each", async () => {
    await using endpoint = await startLangfuseEndpoint();
    const program = join(import.meta.dirname, "../../support/flush-corpus-batch.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program, endpoint.baseUrl]);
    const result = JSON.parse(stdout) as BatchResult;
    expect(result).toMatchObject({ done: 1_000, failed: 0, parked: 0 });
    expect(new Set(endpoint.stored.map(({ traceId }) => traceId)).size).toBe(1_000);
    expect(endpoint.stored).toHaveLength(1_000);
    expect(result.maxRssBytes).toBeLessThan(MEMORY_BYTES);
  }, 240_000);
});

describe.runIf(cases)("the span of a recorded call", () => {
  const attributesOf = (recorded: CorpusCase) => callSpans(observe(corpusRecord(recorded, 0)))[0].attributes;
  const named = (wanted: (recorded: CorpusCase) => boolean) =>
    (cases ?? []).filter(wanted).map((recorded) => [recorded.id, recorded] as const);

  it.each(named(({ outcome }) => outcome === "ok"))("%s shows what came back", (_id, recorded) => {
    const attributes = attributesOf(recorded);
    expect(attributes["langfuse.observation.input"]).toBeDefined();
    expect(attributes["langfuse.observation.output"]).toBeDefined();
    expect(attributes["langfuse.observation.level"]).not.toBe("ERROR");
  });

  it.each(named(({ outcome }) => outcome !== "ok"))("%s says that it went wrong", (_id, recorded) => {
    const attributes = attributesOf(recorded);
    expect(attributes["langfuse.observation.output"]).toBeDefined();
    expect(attributes).toMatchObject({
      "langfuse.observation.level": "ERROR",
      "langfuse.observation.status_message": expect.stringMatching(/./) as string,
      "error.type": expect.stringMatching(/./) as string,
    });
  });

  it.each(named((recorded) => (corpusExpectation(recorded)?.choices?.length ?? 0) === 1))(
    "%s has the text and the tool calls of the answer, each once",
    (_id, recorded) => {
      const expected = corpusExpectation(recorded)?.choices?.[0];
      const shown = attributesOf(recorded)["langfuse.observation.output"];
      const output = JSON.parse(typeof shown === "string" ? shown : "{}") as {
        content: string | null | readonly { readonly type?: string; readonly text?: string }[];
        tool_calls?: readonly { readonly function: { readonly name: string } }[];
      };
      const blocks = typeof output.content === "string" ? [{ text: output.content }] : (output.content ?? []);
      const texts = blocks.flatMap(({ text }) => text ?? []).join("");
      const names = (output.tool_calls ?? []).map((call) => call.function.name);
      expect(texts).toBe(expected?.text);
      expect(names).toEqual(expected?.toolCalls.map(({ name }) => name));
      expect(blocks.filter((block) => "type" in block && block.type === "tool_use")).toEqual([]);
    },
  );
});
