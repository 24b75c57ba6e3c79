/** A program: flushes a thousand recorded calls in one batch. Usage: node flush-corpus-batch.ts <Langfuse> */
import { flushAndPrint } from "./batch-program.ts";
import { corpusCases } from "./corpus.ts";
import { corpusRecord } from "./corpus-records.ts";
import { messageBody } from "./records.ts";

const CALLS = 1_000;

const cases = corpusCases() ?? [];

await flushAndPrint({
  bodies: Array.from({ length: CALLS }, (_, number) => {
    const recorded = cases[number % cases.length];
    if (!recorded) throw new Error("There is no corpus.");
    return messageBody(corpusRecord(recorded, number));
  }),
});
