/** Many ordinary operations at a time, or one transaction alone: what makes a transaction serializable. */

/** Takes the lock, runs the work, and gives the lock back however the work ended. First come, first served. */
export interface AccessLock {
  shared<T>(work: () => Promise<T>): Promise<T>;
  exclusive<T>(work: () => Promise<T>): Promise<T>;
}

/** A lock that nobody holds. */
export function createAccessLock(): AccessLock {
  const waiting: { readonly alone: boolean; readonly enter: () => void }[] = [];
  let inside = 0;
  let insideAlone = false;

  function admit(): void {
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (insideAlone || (next.alone && inside > 0)) return;
      waiting.shift();
      inside++;
      insideAlone = next.alone;
      next.enter();
    }
  }

  async function run<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ alone, enter: resolve });
    admit();
    await promise;
    try {
      return await work();
    } finally {
      inside--;
      insideAlone = false;
      admit();
    }
  }

  return { shared: (work) => run(false, work), exclusive: (work) => run(true, work) };
}
