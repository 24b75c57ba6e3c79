/**
 * The storm: everything breaks at random, and no trace may be lost. `npm run storm -- --seed 4 --minutes 30 --calls 20000`.
 *
 * Twelve callers use the local system while its processes are killed and frozen, keys are rotated, messages come twice and
 * out of order, and SQS, S3, DynamoDB, Secrets Manager, Langfuse and the provider fail in every way that they know; for a
 * third of the time Langfuse is away. In the last part nothing is killed, so that processes grow old. Then the faults end, the queue is worked off, and each call is
 * looked for at Langfuse. Prints the ledger as JSON; exits with 1 when a trace is lost, came twice outside the stated
 * window (docs/delivery.md), was parked without reason, when the spend is not exact, when the memory of a
 * process grows, or when a stage of the storm does not end.
 *
 * The faults and what is called are the seed's; how they meet is the machine's. `--without` turns a protection off:
 * hold-back, switch, ledger, spill or bisect. The storm then has to fail.
 */
import { parseArgs } from "node:util";
import { runStorm } from "./delivery/storm.ts";
import { PROTECTIONS, type Protection } from "./delivery/system.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "1" },
    calls: { type: "string" },
    without: { type: "string" },
  },
});

const without = values.without;
if (without !== undefined && !isProtection(without)) {
  throw new Error(`--without is "${without}": it takes one of ${PROTECTIONS.join(", ")}.`);
}
const ledger = await runStorm({
  seed: Number(values.seed),
  durationMs: Number(values.minutes) * 60_000,
  progress: (line) => process.stderr.write(`${line}\n`),
  ...(values.calls !== undefined && { calls: Number(values.calls) }),
  ...(without !== undefined && { without }),
});
process.stdout.write(`${JSON.stringify({ ...values, ...ledger }, undefined, 2)}\n`);
process.exitCode = ledger.holds ? 0 : 1;

function isProtection(name: string): name is Protection {
  return (PROTECTIONS as readonly string[]).includes(name);
}
