/** The functions' environment variables, for those who deploy the bundles without SST. A test holds it against the functions. */

/** A variable. */
export interface EnvironmentVariable {
  readonly name: string;
  /** Which functions read it. */
  readonly functions: readonly ("gateway" | "flusher")[];
  /** Whether a function does not start without it. */
  readonly required: boolean;
  /** What it holds. */
  readonly meaning: string;
}

const both = ["gateway", "flusher"] as const;

/** Every variable that is Sluice's own; the AWS SDK reads its own besides. */
export const ENVIRONMENT_VARIABLES: readonly EnvironmentVariable[] = [
  {
    name: "SLUICE_STAGE",
    functions: both,
    required: true,
    meaning: "name of the stage, a dimension of every metric",
  },
  {
    name: "SLUICE_LOG_LEVEL",
    functions: both,
    required: false,
    meaning: "`error`, `warn`, `info` (the default) or `debug`",
  },
  { name: "SLUICE_TABLE", functions: both, required: true, meaning: "name of the DynamoDB table" },
  { name: "SLUICE_QUEUE_URL", functions: both, required: true, meaning: "URL of the trace queue" },
  { name: "SLUICE_DLQ_URL", functions: ["flusher"], required: true, meaning: "URL of the dead-letter queue" },
  {
    name: "SLUICE_BUCKET",
    functions: both,
    required: true,
    meaning: "name of the bucket for large and spilled records",
  },
  {
    name: "SLUICE_PROVIDERS_SECRET",
    functions: ["gateway"],
    required: true,
    meaning: 'ARN of the secret with the providers\' keys: {"openai": "sk-…"}',
  },
  {
    name: "SLUICE_DRAINS_SECRET",
    functions: ["flusher"],
    required: true,
    meaning:
      'ARN of the secret with the drains\' keys: {"default": {"publicKey": "pk-lf-…", "secretKey": "sk-lf-…"}}',
  },
  {
    name: "SLUICE_EVENTS_TOPIC",
    functions: ["flusher"],
    required: false,
    meaning: "ARN of the SNS topic for budget thresholds; without it they are log lines only",
  },
];

/** The table as Markdown. */
export function environmentMarkdown(): string {
  const rows = ENVIRONMENT_VARIABLES.map(
    ({ name, functions, required, meaning }) =>
      `| \`${name}\` | ${functions.join(", ")} | ${required ? "yes" : "no"} | ${meaning} |`,
  );
  return ["| variable | function | required | what it holds |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}
