/**
 * Langfuse's own SDK as a program of the bench: as many generations, with the same input, output and usage. It is
 * given them as values: reading an answer's bytes is left to its caller. Argument: the origin of the sink.
 */
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { setLangfuseTracerProvider, startObservation } from "@langfuse/tracing";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { CALLS_PER_BATCH, reportCost } from "../batches.ts";
import { JSON_ANSWER, REQUESTS } from "../traffic.ts";

const processor = new LangfuseSpanProcessor({
  publicKey: "pk-lf-bench",
  secretKey: "sk-lf-bench",
  baseUrl: process.argv[2],
  flushAt: CALLS_PER_BATCH,
});
setLangfuseTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));

const { messages, model } = JSON.parse(REQUESTS.json);
const { choices, usage } = JSON.parse(JSON_ANSWER);

await reportCost(async () => {
  for (let call = 0; call < CALLS_PER_BATCH; call++) {
    startObservation(
      "chat.completions",
      {
        model,
        input: messages,
        output: choices[0].message,
        usageDetails: {
          input: usage.prompt_tokens,
          output: usage.completion_tokens,
          total: usage.total_tokens,
        },
      },
      { asType: "generation" },
    ).end();
  }
  await processor.forceFlush();
});
