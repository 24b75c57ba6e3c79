import { observe } from "@sluice/flusher";
import { type Drain, encodeCall } from "@sluice/langfuse";
import { createRedactor, type RedactionConfig } from "@sluice/redaction";
import type { CaptureMode, ExchangeRecord } from "@sluice/trace";
import { describe, expect, test } from "vitest";
import { encodeTraces } from "../../../packages/flusher/src/encode-traces.ts";
import type { Destination } from "../../../packages/flusher/src/ports.ts";
import { completion } from "../../support/chat-bodies.ts";
import { answer, chatRecord } from "../../support/records.ts";

const SAID = "Write to ada@example.com about KD-123456, please";

function destination(name: string, capture: CaptureMode, redaction?: RedactionConfig): Destination {
  const drain: Drain = {
    name,
    encode: (call) => encodeCall(call, 1_000_000),
    export: async (traces) => await Promise.resolve(traces.map(() => ({ kind: "delivered" as const }))),
  };
  return { ...drain, rules: { paused: false, sampleRate: 1, capture, redact: createRedactor(redaction) } };
}

const DRAINS = [
  destination("everything", "full"),
  destination("redacted", "redacted"),
  destination("own", "redacted", { detectors: [], patterns: { "customer-no": "KD-\\d{6}" } }),
  destination("numbers", "metadata"),
];

/** What each drain gets of a call, as text. */
function sent(fields: Partial<ExchangeRecord> = {}, drains: readonly Destination[] = DRAINS) {
  const record = chatRecord({ answer: answer(completion({ content: SAID })), ...fields });
  const { traces } = encodeTraces(observe(record), drains, undefined);
  return Object.fromEntries([...traces].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
}

describe("the same call to drains with different rules", () => {
  test("gives each exactly what it may have", () => {
    const { everything, redacted, own, numbers } = sent();
    expect(everything).toContain(SAID);
    expect(redacted).toContain("Write to [email] about KD-123456, please");
    expect(own).toContain("Write to ada@example.com about [customer-no], please");
    expect(numbers).not.toMatch(/Write to|please|Say hello/);
    expect(numbers).toContain("gpt-4o-2024-08-06");
  });

  test.each(["redacted", "metadata"] as const)(
    "lets the call or its key be stricter than the drain (%s)",
    (capture) => {
      const { everything, redacted, numbers } = sent({ capture });
      expect(everything).not.toContain("ada@example.com");
      expect(redacted?.includes("Write to [email]")).toBe(capture === "redacted");
      expect(everything?.includes("Write to [email]")).toBe(capture === "redacted");
      expect(numbers).not.toContain("Write to");
    },
  );

  test("lets nothing of the call loosen what a drain says", () => {
    const { redacted, numbers } = sent({ capture: "full" });
    expect(redacted).not.toContain("ada@example.com");
    expect(numbers).not.toContain("Write to");
  });

  test("shows a call that breaks its mapping raw, and redacted all the same", () => {
    let calls = 0;
    const broken = DRAINS.map((drain) => ({
      ...drain,
      encode: (call: Parameters<Drain["encode"]>[0]) => {
        calls += 1;
        if (call.request.kind === "read") throw new Error(`I cannot do ada@example.com`);
        return drain.encode(call);
      },
    }));
    const { everything, redacted, numbers } = sent({}, broken);
    expect(calls).toBe(8);
    expect(everything).toContain("ada@example.com");
    expect(redacted).toContain("about KD-123456");
    expect(redacted).not.toContain("ada@example.com");
    expect(numbers).not.toMatch(/ada@example|Write to/);
  });
});
