/** A program: flushes a batch of records that expand to more than a gigabyte. Usage: node flush-large-batch.ts <Langfuse> */
import { flushAndPrint } from "./batch-program.ts";
import { answer, messageBody, numberedRecord } from "./records.ts";

const CALLS = 120;

/** Nothing that a reader understands, so that the trace shows a part of it only: 10 MB that pack to a kilobyte. */
const body = Buffer.alloc(10_000_000, "not JSON ");

await flushAndPrint({
  bodies: Array.from({ length: CALLS }, (_, number) =>
    messageBody(numberedRecord(number, { answer: answer(body) })),
  ),
  unpackedBytes: () => CALLS * body.byteLength,
});
