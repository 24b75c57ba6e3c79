import { createHash, randomBytes } from "node:crypto";
import { hashSecret, newKeyId, newSecret, parseSecret } from "@sluice/keys";
import { describe, expect, it } from "vitest";

describe("a virtual key", () => {
  it("is new each time, has 256 random bits and is accepted again", () => {
    const secret = newSecret(randomBytes);
    expect(secret).toMatch(/^sk-sluice-[A-Za-z0-9_-]{43}$/);
    expect(parseSecret(secret)).toBe(secret);
    expect(newSecret(randomBytes)).not.toBe(secret);
  });

  it("is stored as its SHA-256, and its id tells nothing of it", () => {
    const secret = newSecret(randomBytes);
    expect(hashSecret(secret)).toBe(createHash("sha256").update(secret).digest("hex"));
    expect(newKeyId(randomBytes)).toMatch(/^key_[0-9a-f]{16}$/);
  });

  it.each(["", "sk-proj-abc", "sk-sluice-", "sk-sluice-a b", `sk-sluice-${"a".repeat(129)}`, "xsk-sluice-a"])(
    "is not %j",
    (text) => {
      expect(parseSecret(text)).toBeUndefined();
    },
  );
});
