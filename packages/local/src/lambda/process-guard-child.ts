/** The guard's own process, see `process-guard.ts`: reads `+pid` and `-pid`, and kills the rest at the end. */
import { createInterface } from "node:readline";

const watched = new Set<number>();
for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith("+")) watched.add(pid);
  else watched.delete(pid);
}
for (const pid of watched) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already, which is all that is wanted.
  }
}
