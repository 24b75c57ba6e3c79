/** The official clients cannot tell Sluice from the provider, whatever it answers and however that arrives. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corpusCases } from "../../support/corpus.ts";
import { BROKEN, canDeliver, LOSSLESS, type ReplayedRequest } from "../../support/replay.ts";
import { askOfficial, officialCases } from "./official.ts";
import { type ReplayedProvider, startReplayedProvider } from "./replayed-provider.ts";

const cases = officialCases(corpusCases() ?? []);

let provider: ReplayedProvider;

beforeAll(async () => {
  provider = await startReplayedProvider(cases);
});

afterAll(async () => {
  await provider.stop();
});

it.runIf(cases.length === 0)(
  "the corpus is absent, so the official client has nothing to read",
  ({ skip }) => {
    expect(cases).toEqual([]);
    skip("there are no recordings");
  },
);

describe.skipIf(cases.length === 0)("the official client, through Sluice", () => {
  it.each(cases)("reads $id as it reads the provider, in every delivery", async (recording) => {
    const direct = await askOfficial(provider.ways(recording.id, "whole").direct, recording);
    expect(direct.status).toBe(recording.status);
    for (const delivery of LOSSLESS.filter((name) => canDeliver(recording, name))) {
      const through = await askOfficial(provider.ways(recording.id, delivery).sluice, recording);
      expect({ delivery, ...through }).toEqual({ delivery, ...direct });
    }
  });

  it.each(cases)("reads of $id, ended early, what it reads of it without", async (recording) => {
    const { direct, sluice } = provider.ways(recording.id, "ended early");
    expect(await askOfficial(sluice, recording)).toEqual(await askOfficial(direct, recording));
  });

  it.each(cases)("throws when $id breaks off, after the same events as without", async (recording) => {
    for (const delivery of BROKEN) {
      const { direct, sluice } = provider.ways(recording.id, delivery);
      const expected = await askOfficial(direct, recording);
      const through = await askOfficial(sluice, recording);
      expect(through.events).toEqual(expected.events);
      expect([delivery, through.error]).toEqual([delivery, expect.anything()]);
      expect([delivery, expected.error]).toEqual([delivery, expect.anything()]);
    }
  });

  it.each(cases)("asks for $id in the bytes and with the headers that it sends itself", async (recording) => {
    const { direct, sluice } = provider.ways(recording.id, "whole");
    const sent = provider.replay.requests.length;
    await askOfficial(direct, recording);
    await askOfficial(sluice, recording);
    const [own, passedOn] = provider.replay.requests.slice(sent).map(comparableRequest);
    expect(passedOn).toEqual(own);
  });

  it.each(cases.filter(({ endpoint, streaming }) => streaming && /^(chat|completions)$/.test(endpoint)))(
    "sees no usage chunk of $id that it did not ask for, and everything else",
    async (recording) => {
      const { direct, sluice } = provider.ways(recording.id, "random offsets");
      const expected = await askOfficial(direct, recording, { usage: false });
      const through = await askOfficial(sluice, recording, { usage: false });
      expect(through.events).toEqual(expected.events.filter((chunk) => !isUsageChunk(chunk)));
    },
  );
});

/** What belongs to a connection, and what names the caller. */
const NOT_COMPARED = /^(accept-encoding|authorization|connection|content-length|host|x-api-key)$/;

function comparableRequest({ path, headers, body }: ReplayedRequest) {
  return {
    path,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_COMPARED.test(name))),
    body: body.toString("utf8"),
  };
}

/** OpenAI's last chunk. Azure's first one has no choices either, and no usage. */
function isUsageChunk(chunk: unknown): boolean {
  const { choices, usage } = chunk as { choices?: unknown; usage?: unknown };
  return Array.isArray(choices) && choices.length === 0 && usage !== null && usage !== undefined;
}
