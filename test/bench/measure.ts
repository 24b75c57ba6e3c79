/** One subject's life: started fresh, measured young, warmed up, measured warm. */
import { cpuMs } from "./child-process.ts";
import type { CallKind, Client } from "./client.ts";
import { median } from "./figures.ts";
import type { RunningSubject, Subject } from "./subjects.ts";

/** What one run of a subject gives. CPU is user and system time of its process alone, ms. */
export interface Measurement {
  /** CPU from the start of the process to the end of its first answer. */
  readonly firstAnswerCpuMs: number;
  /** CPU of one call, over calls 2 to 51. */
  readonly youngCallCpuMs: number;
  /** CPU of one call, after `WARM_UP_CALLS`. */
  readonly warmCallCpuMs: number;
  /** CPU of one stream of 200 chunks, one each millisecond, warm. */
  readonly streamCpuMs: number;
  /** The same, the chunks as fast as they can be sent: a reader finds several at once. */
  readonly burstCpuMs: number;
  /** Time to the first byte of a stream's body, median, wall clock; the direct call's is not yet taken off. */
  readonly firstByteMs: number;
}

const YOUNG_CALLS = 50;
const WARM_UP_CALLS = 500;
const WARM_CALLS = 500;
const WARM_UP_STREAMS = 8;
const STREAMS = 20;
const BURSTS = 50;

/** Measures one fresh process of the subject. Rejects when an answer is wrong. */
export async function measure(subject: Subject): Promise<Measurement> {
  const running = await subject.start();
  try {
    const first = await repeat(running, "json", 1);
    const young = await repeat(running, "json", YOUNG_CALLS);
    await repeat(running, "json", WARM_UP_CALLS);
    const warm = await repeat(running, "json", WARM_CALLS);
    await repeat(running, "stream", WARM_UP_STREAMS);
    const streams = await repeat(running, "stream", STREAMS);
    const bursts = await repeat(running, "burst", BURSTS);
    return {
      firstAnswerCpuMs: first.cpuMsSinceStart,
      youngCallCpuMs: young.cpuMsPerCall,
      warmCallCpuMs: warm.cpuMsPerCall,
      streamCpuMs: streams.cpuMsPerCall,
      burstCpuMs: bursts.cpuMsPerCall,
      firstByteMs: streams.firstByteMs,
    };
  } finally {
    await running.stop();
  }
}

/** Calls that `measure` makes of a subject: so many records must arrive in the queue. */
export const CALLS_PER_MEASUREMENT: number =
  1 + YOUNG_CALLS + WARM_UP_CALLS + WARM_CALLS + WARM_UP_STREAMS + STREAMS + BURSTS;

/** The median time to a stream's first byte without a gateway, ms. */
export async function measureDirect(call: Client): Promise<number> {
  for (let index = 0; index < WARM_UP_STREAMS; index++) await call("stream");
  const times: number[] = [];
  for (let index = 0; index < STREAMS; index++) times.push((await call("stream")).firstByteMs);
  return median(times);
}

async function repeat({ pid, call, settled }: RunningSubject, kind: CallKind, count: number) {
  const before = cpuMs(pid);
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    times.push((await call(kind)).firstByteMs);
    await settled();
  }
  const cpuMsSinceStart = cpuMs(pid);
  return {
    cpuMsSinceStart,
    cpuMsPerCall: (cpuMsSinceStart - before) / count,
    firstByteMs: median(times),
  };
}
