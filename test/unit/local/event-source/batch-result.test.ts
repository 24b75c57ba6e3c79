import { expect, it } from "vitest";
import { failedIds } from "../../../../packages/local/src/event-source/batch-result.ts";
import type { Outcome } from "../../../../packages/local/src/lambda/outcome.ts";

const answered = (payload: string): Outcome => ({ kind: "buffered", requestId: "r", durationMs: 1, payload });
const failed = (payload: string) => [...failedIds(answered(payload), ["a", "b", "c"])];

it.each(["", "null", "{}", '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
  "deletes the whole batch after %j",
  (payload) => {
    expect(failed(payload)).toEqual([]);
  },
);

it("keeps exactly the messages that are named", () => {
  expect(failed('{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}')).toEqual(["b", "c"]);
});

it.each([
  '"done"',
  "{not json",
  '{"batchItemFailures":{}}',
  '{"batchItemFailures":[{"itemIdentifier":""}]}',
  '{"batchItemFailures":[{"itemIdentifier":null}]}',
  '{"batchItemFailures":[{"itemId":"a"}]}',
  '{"batchItemFailures":[null]}',
  '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}',
])("keeps the whole batch after %j", (payload) => {
  expect(failed(payload)).toEqual(["a", "b", "c"]);
});

it("keeps the whole batch when the function failed", () => {
  const outcome: Outcome = {
    kind: "failed",
    requestId: "r",
    durationMs: 1,
    error: { errorType: "Error", errorMessage: "no" },
    answerBegun: false,
  };

  expect([...failedIds(outcome, ["a", "b"])]).toEqual(["a", "b"]);
});
