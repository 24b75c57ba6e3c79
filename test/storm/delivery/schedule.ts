/** Which fault happens when: drawn from a seed before the storm begins. */

/**
 * Every fault that is drawn. What each does to a request or a process: `weather.ts`, `casualties.ts`. `sqs` is the queue as the
 * functions reach it (send, put off), `poller` the queue as the event source mapping does (receive, delete).
 */
export const FAULTS = [
  "gateway killed",
  "gateway frozen",
  "flusher killed",
  "flusher frozen",
  "flusher frozen past visibility",
  "sqs error",
  "sqs throttled",
  "sqs slow",
  "sqs reset before",
  "sqs reset after",
  "sqs twice",
  "sqs away",
  "sqs and s3 away",
  "sqs hides too many",
  "poller receive error",
  "poller receive slow",
  "poller receive reset before",
  "poller receive reset after",
  "poller receive twice",
  "poller receive out of order",
  "poller delete error",
  "poller delete slow",
  "poller delete reset before",
  "poller delete reset after",
  "s3 error",
  "s3 slow",
  "s3 reset before",
  "s3 reset after",
  "dynamodb throttled",
  "dynamodb conflict",
  "dynamodb error",
  "dynamodb slow",
  "dynamodb reset before",
  "dynamodb reset after",
  "dynamodb away",
  "secrets away",
  "provider key rotated",
  "langfuse key rotated",
  "langfuse 401",
  "langfuse 403",
  "langfuse 413",
  "langfuse 429",
  "langfuse 500",
  "langfuse reset before",
  "langfuse reset after",
  "langfuse slow",
  "langfuse slow body",
  "langfuse away",
] as const;

/** A fault's name. The outage is not drawn: every storm has one. */
export type Fault = (typeof FAULTS)[number] | "langfuse outage";

/** A fault and its time. Times are ms since the storm began. */
export interface Episode {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Share of the requests that it meets, 0 to 1. */
  readonly share: number;
}

/** Time from one episode's beginning to the next, ms, on average: in a short storm less, so that most faults come. */
const PACE_MS = 800;
const SHORTEST_PACE_MS = 400;
const SHORTEST_MS = 300;
const LONGEST_MS = 2_500;
/** Of a service that is away: longer than a gateway goes on trying. */
const SHORTEST_AWAY_MS = 3_000;
const LONGEST_AWAY_MS = 6_000;
/** When Langfuse goes away for long, and until when, as shares of the storm. In half an hour that is ten minutes. */
const OUTAGE = { from: 0.35, until: 0.35 + 1 / 3 };
/** The share of the storm in which processes are killed. In the rest they grow old, so that a leak would be seen. */
export const KILLING_SHARE = 0.7;

/**
 * The episodes of a storm, in the order in which they begin, but for the outage. Every fault has come before any comes again,
 * so that a short storm is a storm, too; kills come three times as often as others.
 */
export function drawSchedule(random: () => number, durationMs: number): readonly Episode[] {
  const outage = { fault: "langfuse outage", share: 1 } as const;
  const episodes: Episode[] = [
    { ...outage, fromMs: durationMs * OUTAGE.from, untilMs: durationMs * OUTAGE.until },
  ];
  const deck: Fault[] = [];
  const kills = FAULTS.filter((fault) => fault.endsWith("killed"));
  const paceMs = Math.min(PACE_MS, Math.max(SHORTEST_PACE_MS, durationMs / FAULTS.length));
  for (let atMs = random() * paceMs; atMs < durationMs; atMs += random() * 2 * paceMs) {
    if (deck.length === 0) deck.push(...FAULTS, ...kills, ...kills);
    const [fault = "flusher killed"] = deck.splice(Math.floor(random() * deck.length), 1);
    const [shortest, longest] = fault.endsWith("away")
      ? [SHORTEST_AWAY_MS, LONGEST_AWAY_MS]
      : [SHORTEST_MS, LONGEST_MS];
    const lengthMs = shortest + random() * (longest - shortest);
    const share = fault.endsWith("away") ? 1 : 0.3 + random() * 0.7;
    const latestMs = fault.endsWith("killed") ? durationMs * KILLING_SHARE : durationMs;
    if (atMs < latestMs) {
      episodes.push({ fault, fromMs: atMs, untilMs: Math.min(latestMs, atMs + lengthMs), share });
    }
  }
  return episodes;
}
