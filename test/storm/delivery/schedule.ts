/** Which fault happens when: drawn from a seed before the storm begins. */

/** Every fault that the storm knows. What each does to a request or a process: `weather.ts`, `casualties.ts`. */
export const FAULTS = [
  "gateway killed",
  "gateway frozen",
  "flusher killed",
  "flusher frozen",
  "sqs error",
  "sqs throttled",
  "sqs slow",
  "sqs reset before",
  "sqs reset after",
  "sqs twice",
  "sqs away",
  "sqs and s3 away",
  "s3 error",
  "dynamodb throttled",
  "dynamodb conflict",
  "dynamodb error",
  "dynamodb reset before",
  "dynamodb reset after",
  "dynamodb away",
  "secrets away",
  "langfuse 401",
  "langfuse 403",
  "langfuse 413",
  "langfuse 429",
  "langfuse 500",
  "langfuse reset before",
  "langfuse reset after",
  "langfuse slow",
  "langfuse away",
] as const;

/** A fault's name. */
export type Fault = (typeof FAULTS)[number];

/** A fault and its time. Times are ms since the storm began. */
export interface Episode {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Share of the requests that it meets, 0 to 1. */
  readonly share: number;
}

/** Time from one episode's beginning to the next, ms, on average. */
const PACE_MS = 800;
const SHORTEST_MS = 300;
const LONGEST_MS = 2_500;
/** Of a service that is away: longer than a gateway goes on trying. */
const SHORTEST_AWAY_MS = 3_000;
const LONGEST_AWAY_MS = 6_000;

/**
 * The episodes of a storm, in their order. Every fault has come once before any comes twice, so that a short storm
 * is a storm, too.
 */
export function drawSchedule(random: () => number, durationMs: number): readonly Episode[] {
  const episodes: Episode[] = [];
  const deck: Fault[] = [];
  for (let atMs = random() * PACE_MS; atMs < durationMs; atMs += random() * 2 * PACE_MS) {
    if (deck.length === 0) deck.push(...FAULTS);
    const [fault = "flusher killed"] = deck.splice(Math.floor(random() * deck.length), 1);
    const [shortest, longest] = fault.endsWith("away")
      ? [SHORTEST_AWAY_MS, LONGEST_AWAY_MS]
      : [SHORTEST_MS, LONGEST_MS];
    const lengthMs = shortest + random() * (longest - shortest);
    const share = fault.endsWith("away") ? 1 : 0.3 + random() * 0.7;
    episodes.push({ fault, fromMs: atMs, untilMs: Math.min(durationMs, atMs + lengthMs), share });
  }
  return episodes;
}
