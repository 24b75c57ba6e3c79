/** The recorded calls of the corpus, on their whole way through the flusher. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { observe } from "@sluice/flusher";
import { callSpans } from "@sluice/langfuse";
import { describe, expect, it } from "vitest";
import { corpusCases } from "../../support/corpus.ts";
import { corpusRecord } from "../../support/corpus-records.ts";
import type { CorpusBatchResult } from "../../support/flush-corpus-batch.ts";
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
    const result = JSON.parse(stdout) as CorpusBatchResult;
    expect(result).toMatchObject({ done: 1_000, failed: 0, parked: 0 });
    expect(new Set(endpoint.stored.map(({ traceId }) => traceId)).size).toBe(1_000);
    expect(endpoint.stored).toHaveLength(1_000);
    expect(result.maxRssBytes).toBeLessThan(MEMORY_BYTES);
  }, 120_000);
});

describe.runIf(cases)("the span of a recorded call", () => {
  it.each((cases ?? []).map((recorded) => [recorded.id, recorded] as const))(
    "%s shows what came back, and says so when it was an error",
    (_id, recorded) => {
      const [span] = callSpans(observe(corpusRecord(recorded, 0)));
      const attributes = span.attributes;
      expect(attributes["langfuse.observation.input"]).toBeDefined();
      expect(attributes["langfuse.observation.output"]).toBeDefined();
      if (recorded.outcome === "ok") {
        expect(attributes["langfuse.observation.level"]).not.toBe("ERROR");
      } else {
        expect(attributes).toMatchObject({
          "langfuse.observation.level": "ERROR",
          "error.type": expect.any(String) as string,
        });
      }
    },
  );
});
