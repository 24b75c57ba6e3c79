/** What rings. Each alarm has the name of its section in the runbook, docs/operations.md; thresholds are in observability.ts. */
import { alarm, alarmOn } from "./alarm.ts";
import { flusher } from "./flusher.ts";
import { gateway } from "./gateway.ts";
import { lambdaMetric, queueMetric, sluiceMetric } from "./metric.ts";
import { alarmThresholds as above } from "./observability.ts";

const threeOfThree = { above: 3, of: 3 };
const twoOfThree = { above: 2, of: 3 };

/** The alarms that are on, in the order of the dashboard: first what can lose a trace, then what a caller feels, then money. */
export const alarms = [
  // Three sweeps in a row: SQS's numbers are approximate, and may be late for a minute.
  alarm(
    "unaccounted",
    { metric: sluiceMetric("Unaccounted"), statistic: "Maximum" },
    {
      meaning: "accepted calls are neither delivered nor parked nor in the queue.",
      threshold: above.unaccounted,
      periods: threeOfThree,
    },
  ),
  alarm(
    "log-fallbacks",
    { metric: sluiceMetric("LogFallbacks"), statistic: "Sum" },
    {
      meaning: "neither queue nor bucket took records; they are in the gateway's log alone.",
      threshold: above.logFallbacks,
    },
  ),
  alarm(
    "spills",
    { metric: sluiceMetric("Spills"), statistic: "Sum" },
    { meaning: "the queue did not take records; they wait in the bucket.", threshold: above.spills },
  ),
  alarm(
    "dead-letters",
    {
      metric: queueMetric("ApproximateNumberOfMessagesVisible", "deadLetters"),
      statistic: "Maximum",
    },
    { meaning: "records are in the dead-letter queue.", threshold: above.deadLetters },
  ),
  alarm(
    "records-parked",
    { metric: sluiceMetric("RecordsParked"), statistic: "Sum" },
    { meaning: "records were parked just now.", threshold: above.recordsParked },
  ),
  // Neither delayed messages nor those that wait for a drain are visible, so that only a queue that nobody reads rings.
  alarmOn(
    "queue-not-read",
    `IF(waiting > ${above.queueNotRead} AND FILL(received, 0) == 0, 1, 0)`,
    {
      waiting: { metric: queueMetric("ApproximateNumberOfMessagesVisible"), statistic: "Minimum" },
      received: { metric: queueMetric("NumberOfMessagesReceived"), statistic: "Sum" },
    },
    { meaning: "records wait in the queue and nobody receives them.", threshold: 0, periods: threeOfThree },
  ),
  alarm(
    "delivery-behind",
    { metric: sluiceMetric("OldestOpenSeconds"), statistic: "Maximum" },
    { meaning: "a call has been on its way for hours.", threshold: above.deliveryBehindSeconds },
  ),
  // Both ages: SQS's own leaves messages out that were received often, and Sluice's needs a flusher that runs.
  alarmOn(
    "retention-near",
    "MAX([FILL(open, 0), FILL(queued, 0)])",
    {
      open: { metric: sluiceMetric("OldestOpenSeconds"), statistic: "Maximum" },
      queued: { metric: queueMetric("ApproximateAgeOfOldestMessage"), statistic: "Maximum" },
    },
    {
      meaning: "records are days old; they are parked after 13 days, and the queue drops them after 14.",
      threshold: above.retentionNearSeconds,
    },
  ),
  alarm(
    "drain-refused",
    { metric: sluiceMetric("DrainRefused"), statistic: "Sum" },
    { meaning: "a drain refuses all traces until somebody acts.", threshold: above.drainRefused },
  ),
  alarm(
    "flusher-errors",
    { metric: lambdaMetric("Errors", flusher.name), statistic: "Sum" },
    { meaning: "the flusher fails or is killed.", threshold: above.flusherErrors, periods: twoOfThree },
  ),
  alarm(
    "flusher-throttles",
    { metric: lambdaMetric("Throttles", flusher.name), statistic: "Sum" },
    { meaning: "Lambda turns the flusher away.", threshold: above.throttles, periods: twoOfThree },
  ),
  alarm(
    "flusher-duration",
    { metric: lambdaMetric("Duration", flusher.name), statistic: "Maximum" },
    { meaning: "the flusher runs close to its time limit.", threshold: above.flusherDurationMs },
  ),
  alarm(
    "gateway-errors",
    { metric: lambdaMetric("Errors", gateway.name), statistic: "Sum" },
    { meaning: "the gateway is killed, crashes, or breaks answers off.", threshold: above.gatewayErrors },
  ),
  alarm(
    "gateway-throttles",
    { metric: lambdaMetric("Throttles", gateway.name), statistic: "Sum" },
    { meaning: "Lambda turns callers away.", threshold: above.throttles },
  ),
  alarm(
    "gateway-duration",
    { metric: lambdaMetric("Duration", gateway.name), statistic: "Maximum" },
    { meaning: "calls run close to the gateway's time limit.", threshold: above.gatewayDurationMs },
  ),
  alarm(
    "internal-errors",
    { metric: sluiceMetric("Errors", { errorKind: "internal_error" }), statistic: "Sum" },
    { meaning: "calls failed by a fault of Sluice itself.", threshold: above.internalErrors },
  ),
  alarmOn(
    "provider-errors",
    `IF(calls >= ${above.providerErrorsFromCalls}, 100 * FILL(errors, 0) / calls, 0)`,
    {
      calls: { metric: sluiceMetric("Calls"), statistic: "Sum" },
      errors: { metric: sluiceMetric("Errors"), statistic: "Sum" },
    },
    { meaning: "many calls fail.", threshold: above.providerErrorsPercent, periods: threeOfThree },
  ),
  alarm(
    "overhead",
    { metric: sluiceMetric("OverheadMs"), statistic: "p95" },
    {
      meaning: "the gateway takes long before it asks a provider.",
      threshold: above.overheadMs,
      periods: threeOfThree,
    },
  ),
  alarm(
    "unauthenticated-calls",
    { metric: sluiceMetric("UnauthenticatedCalls"), statistic: "Sum" },
    {
      meaning: "many calls come without a valid key.",
      threshold: above.unauthenticatedCalls,
      periods: threeOfThree,
    },
  ),
  alarm(
    "budget-used-up",
    { metric: sluiceMetric("BudgetThresholdReached", { thresholdPercent: "100" }), statistic: "Sum" },
    { meaning: "a budget has reached its limit.", threshold: above.budgetsUsedUp },
  ),
  alarm(
    "unpriced-calls",
    { metric: sluiceMetric("UnpricedCalls"), statistic: "Sum" },
    {
      meaning: "calls were made to models without a price, which no budget sees.",
      threshold: above.unpricedCalls,
    },
  ),
].filter((one) => one !== undefined);
