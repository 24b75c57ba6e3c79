/** Sends parked records to the queue again, by what `npx sluice queue redrive` does it with. */
import { setTimeout as sleep } from "node:timers/promises";
import { depthOf } from "@sluice/aws";
import { bringBack } from "@sluice/cli/records/bring-back";
import { parkedRecords } from "@sluice/cli/records/sources";
import type { Target } from "@sluice/cli/target/target";
import type { RedriveView } from "../api/events.ts";
import { totalOf } from "./read-queue.ts";

/** At most one run at a time. */
export interface Redrive {
  view(): RedriveView;
  /** Begins a run: of records that were parked for such a reason (`*` stands for any text), or of all. False when one runs already. */
  start(reason: string | undefined): boolean;
  /** Ends the run once the records under way are sent. */
  stop(): Promise<void>;
}

const IDLE: RedriveView = {
  state: "idle",
  sent: 0,
  total: 0,
  passedOver: 0,
  alreadySent: 0,
  interrupted: false,
};

/** Tells `onChange` of every step. */
export function prepareRedrive(
  target: Pick<Target, "records" | "record">,
  onChange: (view: RedriveView) => void,
): Redrive {
  let view = IDLE;
  let interrupt = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const show = (changes: Partial<RedriveView>) => {
    view = { ...view, ...changes };
    onChange(view);
  };

  const run = async (reason: string | undefined) => {
    const place = await target.records();
    show({ total: totalOf(await depthOf(place.sqs, place.deadLetterQueueUrl)) });
    const done = await bringBack(parkedRecords(place), place, reason === undefined ? {} : { reason }, {
      onProgress: (sent) => show({ sent }),
      wait: (ms) => sleep(ms),
      interrupt: interrupt.signal,
    });
    if (done.sent > 0) {
      await target.record({
        action: "replay",
        subject: "the parked records",
        changes: { records: { to: done.sent } },
      });
    }
    show({ ...done, state: "done" });
  };

  return {
    view: () => view,
    start(reason) {
      if (view.state === "running") return false;
      interrupt = new AbortController();
      show({ ...IDLE, state: "running" });
      running = run(reason).catch((error: unknown) =>
        show({ state: "failed", problem: error instanceof Error ? error.message : String(error) }),
      );
      return true;
    },
    async stop() {
      interrupt.abort();
      await running;
    },
  };
}
