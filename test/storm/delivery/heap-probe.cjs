/**
 * Preloaded into a function's process: tells every few seconds what the process holds, and what of it is alive, which only
 * shows after a collection. A process that is frozen tells it when it goes on. The line is read by `memory.ts`.
 */
const { setFlagsFromString } = require("node:v8");
const { runInNewContext } = require("node:vm");

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

setInterval(() => {
  const { rss } = process.memoryUsage();
  collect();
  // Buffers are outside of the heap, and are counted as external.
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write(`STORM_MEMORY ${process.pid} ${rss} ${heapUsed + external}\n`);
}, Number(process.env.STORM_MEMORY_EVERY_MS)).unref();
