/** The official clients through the built bundles under the real Lambda runtime: recordings of each kind. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CorpusCase, corpusCases } from "../support/corpus.ts";
import {
  CASE_HEADER,
  canDeliver,
  DELIVERY_HEADER,
  type Delivery,
  type ReplayServer,
  startReplay,
} from "../support/replay.ts";
import { startSystem, type TestSystem } from "../support/system.ts";
import type { Target } from "../unit/clients/observed.ts";
import { askOfficial, officialCases } from "../unit/clients/official.ts";

/** The first two of each kind; the unit tests have them all. */
const cases = [
  ...Map.groupBy(
    officialCases(corpusCases() ?? []),
    ({ endpoint, streaming, outcome }) => `${endpoint} ${streaming} ${outcome}`,
  ).values(),
].flatMap((kind) => kind.slice(0, 2));

const DELIVERIES: readonly Delivery[] = [
  "event by event",
  "inside of characters",
  "random offsets",
  "gzip",
  "br",
];

let replay: ReplayServer;
let system: TestSystem;

beforeAll(async () => {
  replay = await startReplay(cases);
  system = await startSystem({ OPENAI_BASE_URL: `${replay.url}/v1`, ANTHROPIC_BASE_URL: replay.url });
});

afterAll(async () => {
  await system.stop();
  await replay.stop();
});

it.runIf(cases.length === 0)(
  "the corpus is absent, so the official client has nothing to read",
  ({ skip }) => {
    expect(cases).toEqual([]);
    skip("there are no recordings");
  },
);

describe.skipIf(cases.length === 0)("the official client, through the Lambda function", () => {
  it.each(cases)("reads $id as it reads the provider", async (recording) => {
    const direct = await ask("whole", recording, { url: replay.url, apiKey: "sk-provider" });
    expect(direct.status).toBe(recording.status);
    for (const delivery of DELIVERIES.filter((name) => canDeliver(recording, name))) {
      const through = await ask(delivery, recording, { url: system.url, apiKey: system.key });
      expect({ delivery, ...through }).toEqual({ delivery, ...direct });
    }
  });
});

async function ask(delivery: Delivery, recording: CorpusCase, way: Omit<Target, "headers">) {
  const headers = { [CASE_HEADER]: recording.id, [DELIVERY_HEADER]: delivery };
  const model = /^(messages|count_tokens)$/.test(recording.endpoint) ? "claude-recorded" : "gpt-recorded";
  return await askOfficial({ ...way, headers }, recording, { model });
}
