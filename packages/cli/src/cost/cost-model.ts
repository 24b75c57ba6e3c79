/** What a month of calls costs in AWS. A small model: each line is a quantity that the code fixes, times a list price. */
import { AWS_PRICES } from "./aws-prices.ts";

/** What is known of a month's calls. */
export interface Workload {
  /** Calls in the month. */
  readonly calls: number;
  /** How long a call takes, seconds: the gateway function runs as long as the model answers. */
  readonly seconds: number;
  /** A call's request, KB. */
  readonly requestKb: number;
  /** A call's answer, KB. */
  readonly answerKb: number;
  /** Memory of the gateway function, MB. */
  readonly memoryMb: number;
  /** Strict budgets reserve before each call and give back after it. */
  readonly budgets: "none" | "soft" | "strict";
}

/** One line of the bill, USD for the month. */
export interface CostLine {
  readonly what: string;
  readonly usd: number;
  /** How it came about. */
  readonly because: string;
}

/** The bill: what each call costs, and what is paid without a call. */
export interface MonthlyCost {
  readonly perCalls: readonly CostLine[];
  readonly fixed: readonly CostLine[];
  readonly totalUsd: number;
  readonly perMillionCallsUsd: number;
}

/** A compressed record beside the text it holds: half, by the recordings of real traffic (base64 included). */
const RECORD_SHARE = 0.5;
/** The flusher's time for a record, seconds, and its memory, GB (`infra/limits.ts`). */
const FLUSHER = { secondsPerRecord: 0.01, gb: 1 };
/** Write units of a call in the ledger of delivery: taken and marked, with its counts (docs/delivery.md). */
const LEDGER_WRITES = 4.05;
/** Write units of a call's settlement: its item in a transaction; its accounts are shared by a batch. */
const SETTLEMENT_WRITES = 2;
/** Write units of a strict budget: the reservation, and its end with the settlement. */
const STRICT_WRITES = 2;
/** Log lines of the platform and the metrics of a call, KB. */
const LOG_KB = 1.5;
/** The event source mapping polls an empty queue with five long polls of 20 s (AWS Lambda, "Using Lambda with Amazon SQS"). */
const IDLE_POLLS_PER_MONTH = 5 * 3 * 60 * 24 * 30;
/** Secrets, alarms, dashboards and metrics of a stage (`infra/`). */
const STAGE = { secrets: 2, alarms: 24, dashboards: 1, metrics: 60 };

const million = 1_000_000;
const kbPerGb = 1024 * 1024;

/** Computes the bill of a month. */
export function monthlyCost(workload: Workload): MonthlyCost {
  const { calls, seconds, requestKb, answerKb, memoryMb, budgets } = workload;
  const { lambda, sqs, dynamodb, logs, transfer, secretsManager, cloudWatch } = AWS_PRICES;
  const recordKb = (requestKb + answerKb) * RECORD_SHARE;
  const switchKb = requestKb * RECORD_SHARE;
  const requests = sqsRequests(recordKb) + sqsRequests(switchKb);
  const writes = LEDGER_WRITES + SETTLEMENT_WRITES + (budgets === "strict" ? STRICT_WRITES : 0);
  const reads = budgets === "none" ? 0 : 1;
  const gbSeconds = calls * seconds * (memoryMb / 1024);
  const flusherGbSeconds = calls * FLUSHER.secondsPerRecord * FLUSHER.gb;
  const perCalls: readonly CostLine[] = [
    {
      what: "gateway, running",
      usd: gbSeconds * lambda.perGbSecond,
      because: `${seconds} s at ${memoryMb} MB`,
    },
    { what: "gateway, requests", usd: (calls / million) * lambda.perMillionRequests, because: "1 a call" },
    {
      what: "queue",
      usd: ((calls * requests) / million) * sqs.perMillionRequests,
      because: `${requests.toFixed(1)} requests: record and dead man's switch`,
    },
    {
      what: "flusher",
      usd: flusherGbSeconds * lambda.perGbSecond,
      because: `${FLUSHER.secondsPerRecord * 1000} ms a record, in batches`,
    },
    {
      what: "table",
      usd: (calls / million) * (writes * dynamodb.perMillionWrites + reads * dynamodb.perMillionReads),
      because: `${writes.toFixed(2)} writes: delivery, settlement${budgets === "strict" ? ", reservation" : ""}`,
    },
    { what: "logs", usd: ((calls * LOG_KB) / kbPerGb) * logs.perGb, because: `${LOG_KB} KB a call` },
    {
      what: "data out",
      usd: ((calls * (requestKb + answerKb)) / kbPerGb) * transfer.perGb,
      because: "requests to providers, answers to callers",
    },
  ];
  const fixed: readonly CostLine[] = [
    {
      what: "secrets",
      usd: STAGE.secrets * secretsManager.perSecretMonth,
      because: `${STAGE.secrets} secrets`,
    },
    {
      what: "polling",
      usd: (IDLE_POLLS_PER_MONTH / million) * sqs.perMillionRequests,
      because: "the event source mapping asks the empty queue",
    },
    {
      what: "alarms and dashboard",
      usd: STAGE.alarms * cloudWatch.perAlarmMonth + STAGE.dashboards * cloudWatch.perDashboardMonth,
      because: `${STAGE.alarms} alarms, ${STAGE.dashboards} dashboard`,
    },
    {
      what: "metrics",
      usd: calls === 0 ? 0 : STAGE.metrics * cloudWatch.perMetricMonth,
      because: calls === 0 ? "none without calls" : `about ${STAGE.metrics} series`,
    },
  ];
  const sum = (lines: readonly CostLine[]) => lines.reduce((total, { usd }) => total + usd, 0);
  return {
    perCalls,
    fixed,
    totalUsd: sum(perCalls) + sum(fixed),
    perMillionCallsUsd: calls === 0 ? 0 : (sum(perCalls) / calls) * million,
  };
}

/** Requests of one message: its send, its share of a receive of ten, and its share of a delete of ten. */
function sqsRequests(kb: number): number {
  const { requestKb, batchSize } = AWS_PRICES.sqs;
  return Math.max(1, Math.ceil(kb / requestKb)) + Math.max(1 / batchSize, kb / requestKb) + 1 / batchSize;
}
