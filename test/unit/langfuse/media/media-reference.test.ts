import { createHash } from "node:crypto";
import { encodeSpan, type Media, mediaReference, withPlaceholders } from "@sluice/langfuse";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { attributesOf, type ReceivedSpan } from "../../../support/langfuse-endpoint.ts";
import { spanId, traceId } from "../../../support/records.ts";

function file(text: string): Media {
  const content = Buffer.from(text);
  const sha256 = createHash("sha256").update(content).digest("base64");
  const reference = mediaReference("image/jpeg", sha256, "bytes");
  return { mediaType: "image/jpeg", content, sha256, reference, field: "input" };
}

function encoded(input: unknown): Uint8Array {
  return encodeSpan({
    traceId: traceId("1".repeat(32)),
    spanId: spanId("2".repeat(16)),
    name: "chat",
    startedAtMs: 1,
    endedAtMs: 2,
    attributes: { input: typeof input === "string" ? input : JSON.stringify(input) },
  });
}

const inputOf = (span: Uint8Array) =>
  String(attributesOf(JSON.parse(Buffer.from(span).toString()) as ReceivedSpan)["input"]);

const one = file("one");
const placeholder = {
  type: "media",
  media_type: "image/jpeg",
  bytes: 3,
  sha256: createHash("sha256").update("one").digest("hex"),
};

test("a reference is what Langfuse's own clients write", () => {
  expect(one.reference).toMatch(/^@@@langfuseMedia:type=image\/jpeg\|id=[\w-]{22}\|source=bytes@@@$/);
});

test("a reference that is a whole text becomes the placeholder, one inside a text its words", () => {
  const input = { image: one.reference, text: `See ${one.reference}.`, 'a "quoted" name': [one.reference] };
  expect(JSON.parse(inputOf(withPlaceholders(encoded(input), [one])))).toEqual({
    image: placeholder,
    text: `See [media image/jpeg, 3 bytes, sha256 ${placeholder.sha256}].`,
    'a "quoted" name': [placeholder],
  });
});

test("a reference that is all of an attribute becomes words", () => {
  expect(inputOf(withPlaceholders(encoded(one.reference), [one]))).toMatch(/^\[media image\/jpeg, 3 bytes/);
});

test("only the references of these files are touched, and a span without them not at all", () => {
  const other = file("other");
  const input = { image: other.reference };
  expect(withPlaceholders(encoded(input), [one])).toEqual(encoded(input));
});

test("whatever else is in the span stays, and it stays JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const span = encoded({ value, text, nested: { image: one.reference } });
      expect(JSON.parse(inputOf(withPlaceholders(span, [one])))).toEqual({
        ...(JSON.parse(inputOf(encoded({ value, text }))) as object),
        nested: { image: placeholder },
      });
    }),
  );
});
