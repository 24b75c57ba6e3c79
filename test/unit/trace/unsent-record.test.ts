import { readUnsentRecords, UNSENT_RECORD_MARK, unsentRecordFields } from "@sluice/trace";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** Bodies are base64 behind a prefix; the long ones span several lines. */
const body = fc
  .record({ text: fc.string({ minLength: 1, maxLength: 40 }), times: fc.integer({ min: 1, max: 9_000 }) })
  .map(({ text, times }) => text.repeat(times));
const prefix = fc.constantFrom("", "2026-11-21T12:00:00.000Z ", "gateway/[$LATEST]0a1b ", "[ERROR] ");
const noise = fc.array(fc.constantFrom("", "START RequestId: 1", '{"level":"warn"}', UNSENT_RECORD_MARK));

const lineOf = (fields: object) => JSON.stringify({ level: "error", fallback: "log", ...fields });

describe("records in a log", () => {
  it("come back whole, each once, from lines in any order, doubled, and among others", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { maxLength: 4 }).chain((bodies) => {
          const marked = bodies.flatMap((text, index) =>
            unsentRecordFields(`req_${index}`, text).map(lineOf),
          );
          const all = fc.tuple(prefix, noise, fc.shuffledSubarray(marked)).map(([front, others, again]) => {
            return [...marked.map((line) => front + line), ...others, ...again];
          });
          const shuffled = all.chain((lines) =>
            fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length }),
          );
          return fc.record({ bodies: fc.constant(bodies), lines: shuffled });
        }),
        async ({ bodies, lines }) => {
          const { records, incompleteCallIds, unreadableLines } = await readUnsentRecords(lines);
          expect(records.map((record) => record.body).toSorted()).toEqual([...new Set(bodies)].toSorted());
          expect({ incompleteCallIds, unreadableLines }).toEqual({
            incompleteCallIds: [],
            unreadableLines: 0,
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("stay below what Lambda's log pipe keeps in one piece", () => {
    const fields = unsentRecordFields(`req_${"a".repeat(32)}`, "x".repeat(1_000_000));
    expect(Math.max(...fields.map((part) => lineOf(part).length))).toBeLessThan(60_000);
  });

  it("that miss a part are named, and not made up", async () => {
    const lines = unsentRecordFields("req_1", "x".repeat(200_000)).map(lineOf);
    const found = await readUnsentRecords(lines.toSpliced(2, 1));
    expect(found).toEqual({ records: [], incompleteCallIds: ["req_1"], unreadableLines: 0 });
  });

  it("that were cut off are counted", async () => {
    const [line = ""] = unsentRecordFields("req_1", "sluice/1 record abc").map(lineOf);
    const found = await readUnsentRecords([line.slice(0, -8), line.replace('"req_1"', "null")]);
    expect(found).toEqual({ records: [], incompleteCallIds: [], unreadableLines: 2 });
  });
});
