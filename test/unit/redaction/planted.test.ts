import { observe } from "@sluice/flusher";
import { encodeCall, type ObservedCall } from "@sluice/langfuse";
import { createRedactor } from "@sluice/redaction";
import type { CaptureMode, ExchangeRecord } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { PLANTED_CALLS } from "../../support/planted-calls.ts";
import { PLANTED, secretOf } from "../../support/planted-strings.ts";

const redact = createRedactor();
const DRAINS = ["langfuse", "otlp"] as const;

/** Everything that leaves of a call, with the attributes of every kind of drain. */
function sent(record: ExchangeRecord, mode: CaptureMode): string {
  const call: ObservedCall = redact({ ...observe(record), queuedAtMs: record.times.endedAtMs }, mode);
  return DRAINS.map((drain) => Buffer.from(encodeCall(call, 4_000_000, { drain })).toString()).join("\n");
}

/** The forms in which a text may stand in JSON, however often it was written as JSON again. */
function forms(text: string): readonly string[] {
  const once = JSON.stringify(text).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  return [
    text,
    once,
    twice,
    encodeURIComponent(text),
    Buffer.from(text).toString("base64").replaceAll("=", ""),
  ];
}

const includesAny = (haystack: string, text: string) => forms(text).some((form) => haystack.includes(form));

test("two hundred different strings are planted", () => {
  expect(PLANTED).toHaveLength(200);
  expect(new Set(PLANTED.map(({ text }) => text)).size).toBe(200);
});

describe.each(PLANTED_CALLS)("of a call ($name)", ({ record }) => {
  test("nothing private leaves in redacted", () => {
    const leaked = PLANTED.filter((planted) =>
      includesAny(sent(record(planted.text), "redacted"), secretOf(planted)),
    );
    expect(leaked).toEqual([]);
  });

  test("nothing private leaves in metadata", () => {
    const leaked = PLANTED.filter((planted) =>
      includesAny(sent(record(planted.text), "metadata"), secretOf(planted)),
    );
    expect(leaked).toEqual([]);
  });

  test("everything leaves in full, but for Sluice's own keys", () => {
    const kept = PLANTED.filter(
      (planted) => !includesAny(sent(record(planted.text), "full"), secretOf(planted)),
    );
    expect(kept.map(({ text }) => text).filter((text) => !text.startsWith("sk-sluice-"))).toEqual([]);
    expect(kept).toHaveLength(3);
  });

  test("no content leaves in metadata, whatever it is", () => {
    const prose = "The violet heron sings";
    expect(sent(record(prose), "full")).toContain("violet heron");
    // What the operator wrote about the key is no content.
    const { key, ...said } = record(prose);
    const metadata = sent({ ...said, key: { id: key.id, hash: key.hash, alias: "ci" } }, "metadata");
    expect(metadata).not.toMatch(/violet|heron|sings/i);
  });
});
