/** A provider that replays recordings, and Sluice in front of it. */
import type { CorpusCase } from "../../support/corpus.ts";
import { startGateway } from "../../support/gateway.ts";
import {
  CASE_HEADER,
  DELIVERY_HEADER,
  type Delivery,
  type ReplayServer,
  startReplay,
} from "../../support/replay.ts";
import type { Target } from "./observed.ts";

/** The two ways to a recording. */
export interface Ways {
  readonly direct: Target;
  readonly sluice: Target;
}

/** Both servers. */
export interface ReplayedProvider {
  readonly replay: ReplayServer;
  /** How a client reaches a recording, with and without Sluice. */
  ways(id: string, delivery: Delivery): Ways;
  stop(): Promise<void>;
}

/** Starts both. The provider speaks every format, so that nothing is translated. */
export async function startReplayedProvider(cases: readonly CorpusCase[]): Promise<ReplayedProvider> {
  const replay = await startReplay(cases);
  const gateway = await startGateway({
    apiKeys: { replay: "sk-provider" },
    config: {
      providers: {
        replay: {
          baseUrl: `${replay.url}/v1`,
          speaks: ["openai-chat", "openai-responses", "anthropic-messages"],
        },
      },
    },
  });
  return {
    replay,
    ways(id, delivery) {
      const headers = { [CASE_HEADER]: id, [DELIVERY_HEADER]: delivery };
      return {
        direct: { url: replay.url, apiKey: "sk-provider", headers },
        sluice: { url: gateway.url, apiKey: gateway.secret, headers },
      };
    },
    async stop() {
      await gateway.stop();
      await replay.stop();
    },
  };
}
