/** Every oddity of an answer passes unchanged, is read right for its trace, and reaches a caller of another format. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONTENT } from "./content.ts";
import { call, callersOf, isStream, type OddProvider, recorded, startOddProvider } from "./oddity.ts";
import { TRANSPORT } from "./transport.ts";
import { USAGE } from "./usage.ts";

const ODDITIES = [...USAGE, ...CONTENT, ...TRANSPORT];

let provider: OddProvider;

beforeAll(async () => {
  provider = await startOddProvider();
});

afterAll(async () => {
  await provider.stop();
});

describe("an oddity for a caller of the provider's own format", () => {
  it.each(ODDITIES)("$what", async (oddity) => {
    const { format, body, says, status = 200 } = oddity;
    provider.answer(oddity);
    const received = await call(provider, format, format, isStream(body));
    expect(received.status).toBe(status);
    expect(received.body.equals(body)).toBe(true);
    const { body: kept, reading } = recorded(provider, format);
    expect(kept.equals(body)).toBe(true);
    expect(reading).toMatchObject(says);
  });
});

describe("an oddity for a caller of another format", () => {
  const translated = ODDITIES.flatMap((oddity) =>
    callersOf(oddity.format).map((caller) => ({ ...oddity, caller })),
  );

  it.each(translated)("$what, for $caller", async (oddity) => {
    const { format, caller, body, says, carried = says } = oddity;
    provider.answer(oddity);
    const received = await call(provider, format, caller, isStream(body));
    expect(received.reading).toMatchObject(carried);
    const { body: kept, reading } = recorded(provider, format);
    expect(kept.equals(body)).toBe(true);
    expect(reading).toMatchObject(says);
  });
});
