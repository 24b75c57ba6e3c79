/** The stages of a storm: each has a time within which it must end, so that a storm that hangs says where. */

/** Runs stages one after the other. */
export interface Stages {
  /** Runs one. Throws `StormStuckError` when it has not ended after `limitMs`; the work itself goes on then. */
  run<T>(stage: string, limitMs: number, work: () => Promise<T>): Promise<T>;
}

/** A stage did not come to its end. The message names it, and what was under way. */
export class StormStuckError extends Error {
  override readonly name = "StormStuckError";
}

/** `underWay` describes what is going on when a stage is given up. */
export function createStages(underWay: () => string): Stages {
  return {
    async run(stage, limitMs, work) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const seconds = Math.round(limitMs / 1000);
        late.reject(
          new StormStuckError(
            `The storm is stuck: "${stage}" has not ended within ${seconds} s. Under way: ${underWay()}.`,
          ),
        );
      }, limitMs);
      try {
        return await Promise.race([work(), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
