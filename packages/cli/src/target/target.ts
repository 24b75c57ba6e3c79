/** Where a command works: the local system, or a stage on AWS. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { AuditEntry, AuditLog, DynamoKeyStore } from "@sluice/aws";
import type { DeliveryCounts } from "@sluice/flusher";
import type { AccountStore } from "@sluice/ledger";
import type { LocalEndpoints } from "@sluice/local/endpoints";
import { CommandFailure, UsageFailure } from "../failure.ts";
import type { TargetOptions } from "../options/command-options.ts";
import type { Terminal } from "../terminal.ts";
import { explain } from "./explain.ts";
import type { RecordPlace } from "./record-place.ts";
import type { SecretPlace } from "./secret-place.ts";

/** What kind of place it is. */
export type Whereabouts =
  | { readonly kind: "local"; readonly endpoints: LocalEndpoints }
  | { readonly kind: "stage"; readonly stage: string };

/** A table, and whose it is. */
export interface Place {
  readonly where: Whereabouts;
  /** `the local system`, or `stage production`. */
  readonly label: string;
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Who makes a change, for the audit trail. */
  who(): Promise<string>;
  /** Its queues and its bucket, looked up when first needed. */
  records(): Promise<RecordPlace>;
  /** Its secrets. To be closed with its client. */
  secrets(): Promise<SecretPlace>;
  close(): void;
}

/** What commands need of a place. */
export interface Target {
  readonly keys: DynamoKeyStore;
  readonly accounts: AccountStore;
  readonly audit: AuditLog;
  /** The counts of the ledger of delivery. */
  readonly counts: DeliveryCounts;
  /** `the local system`, or `stage production`. */
  readonly label: string;
  /** Its queues and its bucket. */
  records(): Promise<RecordPlace>;
  /** Adds a change to the audit trail, and says so in a line on standard error. Throws `CommandFailure`. */
  record(change: Pick<AuditEntry, "action" | "subject" | "changes" | "reason">): Promise<void>;
}

/** Runs the work of a command at its target. Throws `CommandFailure`, with the remedy, for whatever goes wrong there. */
export async function withTarget(
  options: TargetOptions,
  terminal: Terminal,
  work: (target: Target, place: Place) => Promise<void>,
): Promise<void> {
  await withPlace(options, terminal, async (place) => {
    await work(await openTarget(place, terminal), place);
  });
}

/** As `withTarget`, for work that looks at the place itself. */
export async function withPlace(
  options: TargetOptions,
  terminal: Terminal,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  if (options.table !== undefined && options.stage === undefined) {
    throw new UsageFailure("--table is the table of a stage: add --stage <name>.");
  }
  let place: Place | undefined;
  try {
    place = await findPlace(options, terminal);
    await work(place);
  } catch (error) {
    throw await explain(error, place);
  } finally {
    place?.close();
  }
}

/** What is loaded here takes a moment, which `--help` need not wait for. */
async function findPlace(options: TargetOptions, terminal: Terminal): Promise<Place> {
  const { stage } = options;
  if (stage !== undefined) {
    const { stagePlace } = await import("./stage-target.ts");
    return await stagePlace({ ...options, stage }, terminal);
  }
  const { findLocal, localPlace } = await import("./local-target.ts");
  const endpoints = findLocal(terminal);
  if (endpoints) return localPlace(endpoints, terminal);
  if (options.local) {
    throw new CommandFailure("not_running", "The local system does not run: start it with npm start.");
  }
  throw new UsageFailure(
    "Say where: --stage <name> for a stage on AWS, or --local, which needs npm start to be running.",
  );
}

/** The stores of a place. It stays open until the place is closed. */
export async function openTarget(
  place: Place,
  terminal: Pick<Terminal, "nowMs" | "random" | "note">,
): Promise<Target> {
  const { createAccountStore, createAuditLog, createDeliveryCounts, createKeyStore } = await import(
    "@sluice/aws"
  );
  const { setTimeout: sleep } = await import("node:timers/promises");
  const { client, table, label } = place;
  const { nowMs, random } = terminal;
  const audit = createAuditLog({ client, table, nowMs, random });
  return {
    keys: createKeyStore({ client, table }),
    accounts: createAccountStore({
      client,
      table,
      nowMs,
      wait: (ms) => sleep(ms),
      random: Math.random,
    }),
    audit,
    counts: createDeliveryCounts({ client, table, nowMs }),
    label,
    records: place.records,
    async record(change) {
      const who = await place.who();
      try {
        await audit.append({ who, ...change });
      } catch (error) {
        const { message } = await explain(error, place);
        throw new CommandFailure(
          "not_audited",
          `The change was made, but its entry in the audit trail was not: ${message}`,
          { cause: error },
        );
      }
      terminal.note(`audit: ${change.action} ${change.subject} by ${who} on ${label}`);
    },
  };
}
