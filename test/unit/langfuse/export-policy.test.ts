import { judge } from "@sluice/langfuse";
import { describe, expect, test } from "vitest";

const nowMs = Date.parse("2026-11-16T12:00:00Z");
const verdict = (status: number, rest: object = {}) => judge({ kind: "answered", status, ...rest }, nowMs);

describe("the meaning of an answer", () => {
  test.each([200, 207])("%i delivers, whatever the body says", (status) => {
    expect(verdict(status, { message: "error" })).toEqual({ kind: "delivered" });
  });

  test.each([400, 413, 422])("%i is about the spans: the request is split", (status) => {
    expect(verdict(status, { message: "Bad" })).toEqual({
      kind: "split",
      reason: `Langfuse answered with status ${status}: Bad`,
    });
  });

  test.each([301, 401, 403, 404, 408, 429, 502, 503, 504])(
    "%i is about the drain: retry, and send it nothing more now",
    (status) => {
      expect(verdict(status)).toMatchObject({ kind: "retry", halts: true });
    },
  );

  test.each([
    [401, "keys_refused"],
    [403, "access_denied"],
  ])("%i needs somebody to act (%s): the records wait long", (status, refusal) => {
    expect(verdict(status)).toMatchObject({ refusal, retryAfterMs: 600_000 });
  });

  test("500 may be this request's own failure: retry, and go on with the next", () => {
    expect(verdict(500)).toMatchObject({ kind: "retry", halts: false });
  });

  test("no answer is a retry, with its reason", () => {
    expect(judge({ kind: "unanswered", reason: "It timed out." }, nowMs)).toEqual({
      kind: "retry",
      reason: "It timed out.",
      halts: true,
    });
  });

  test.each([
    ["60", 60_000],
    ["Mon, 16 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 16 Nov 2026 11:00:00 GMT", 0],
    ["soon", undefined],
  ])("Retry-After %j is %s ms", (retryAfter, retryAfterMs) => {
    expect(verdict(429, { retryAfter })).toEqual({
      kind: "retry",
      reason: "Langfuse answered with status 429.",
      halts: true,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });
});
