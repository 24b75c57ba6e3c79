/** Standard queues deliver at least once and in any order: gives messages of an answer again, or later than others. */
import type { AwsAnswer } from "./fault-proxy.ts";
import type { Weather } from "./weather.ts";

/** What the queue hands out, and what it keeps in mind. */
export interface Redelivery {
  /** The answer to a receive as the poller gets it. */
  deliver(answer: AwsAnswer): AwsAnswer;
  /** Messages that were handed out a second time. */
  readonly repeated: number;
  /** Messages that were handed out after younger ones. */
  readonly overtaken: number;
}

type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly message: Message;
  readonly dueAtMs: number;
  readonly kind: "copy" | "late";
}

/** Most messages of an answer, as in the service. */
const MOST = 10;
/** Longest time until a message comes again, or late, ms. Some come in the same batch, some to another flusher. */
const LATEST_MS = 2_000;

/** Does it while the weather says so. What waits when the faults end is handed out by the next receives. */
export function createRedelivery(weather: () => Weather, random: () => number): Redelivery {
  let waiting: readonly Waiting[] = [];
  const count = { repeated: 0, overtaken: 0 };
  const later = (message: Message, kind: Waiting["kind"]): Waiting => ({
    message,
    kind,
    dueAtMs: Date.now() + random() * LATEST_MS,
  });
  return {
    get repeated() {
      return count.repeated;
    },
    get overtaken() {
      return count.overtaken;
    },
    deliver(answer) {
      if (answer.status !== 200) return answer;
      const { Messages = [] } = JSON.parse(answer.body.toString()) as {
        readonly Messages?: readonly Message[];
      };
      const { strikes } = weather();
      const late = new Set(Messages.filter(() => strikes("poller receive out of order")));
      const copies = Messages.filter((message) => !late.has(message) && strikes("poller receive twice"));
      const room = MOST - (Messages.length - late.size);
      const due = waiting.filter(({ dueAtMs }) => dueAtMs <= Date.now()).slice(0, room);
      waiting = [
        ...waiting.filter((entry) => !due.includes(entry)),
        ...[...late].map((message) => later(message, "late")),
        ...copies.map((message) => later(message, "copy")),
      ];
      if (late.size + due.length === 0) return answer;
      for (const { kind } of due) count[kind === "copy" ? "repeated" : "overtaken"] += 1;
      const handedOut = [
        ...due.map(({ message }) => message),
        ...Messages.filter((message) => !late.has(message)),
      ];
      return { status: 200, body: Buffer.from(JSON.stringify({ Messages: handedOut })) };
    },
  };
}
