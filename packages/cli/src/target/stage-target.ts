/** A stage on AWS as a target. Region, credentials and endpoints are found by the AWS SDK's own rules. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DynamoDBClient, paginateListTables } from "@aws-sdk/client-dynamodb";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { CommandFailure } from "../failure.ts";
import type { TargetOptions } from "../options/command-options.ts";
import type { Terminal } from "../terminal.ts";
import type { RecordOutputs } from "./record-place.ts";
import type { Place } from "./target.ts";

const APP = "sluice";
/** The audit trail must not hold a command up for long. */
const CALLER_TIMEOUT_MS = 3000;

/** The stage as a place of keys and budgets. Throws `CommandFailure` when its table cannot be told. */
export async function stagePlace(
  { stage, table: named }: TargetOptions & { readonly stage: string },
  { root, userName }: Terminal,
): Promise<Place> {
  const client = new DynamoDBClient({});
  const outputs = await outputsOf(root, stage);
  return {
    where: { kind: "stage", stage },
    label: `stage ${stage}`,
    client,
    table: named ?? outputs.table ?? (await tableByName(client, stage)),
    who: () => callerArn(userName),
    async records() {
      const { stageRecordPlace } = await import("./record-place.ts");
      return await stageRecordPlace(`${APP}-${stage}`, outputs);
    },
    async secrets() {
      const { stageSecretPlace } = await import("./secret-place.ts");
      return stageSecretPlace(`${APP}/${stage}`);
    },
    close: () => client.destroy(),
  };
}

/** The outputs of the last `sst deploy`, if that was of this stage; else none. */
async function outputsOf(
  root: string,
  stage: string,
): Promise<RecordOutputs & { readonly table?: string | undefined }> {
  const text = await readFile(join(root, ".sst/outputs.json"), "utf8").catch(() => "{}");
  try {
    const { table, ...outputs } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    // The secret's name is made of the stage's (infra/secrets.ts); the table's may be shortened.
    if (outputs["providersSecret"] !== `${APP}/${stage}/providers`) return {};
    return { ...outputs, table: typeof table === "string" ? table : undefined };
  } catch {
    return {};
  }
}

/** SST names the table of `infra/table.ts` after app, stage and component, with a random end. */
async function tableByName(client: DynamoDBClient, stage: string): Promise<string> {
  const prefix = `${APP}-${stage}-StateTable-`;
  const names: string[] = [];
  for await (const page of paginateListTables({ client }, { ExclusiveStartTableName: prefix })) {
    const found = page.TableNames ?? [];
    names.push(...found.filter((name) => name.startsWith(prefix)));
    // They come in the order of their names.
    if (found.some((name) => !name.startsWith(prefix))) break;
  }
  const [name, other] = names;
  const region = await client.config.region();
  if (name === undefined) {
    throw new CommandFailure(
      "no_stage",
      `There is no table ${prefix}… in ${region}: deploy with "npx sst deploy --stage ${stage}", set AWS_REGION and AWS_PROFILE to where it is, or name it with --table.`,
    );
  }
  if (other !== undefined) {
    throw new CommandFailure(
      "many_tables",
      `Several tables in ${region} could be the stage's: ${names.join(", ")}. Name one with --table.`,
    );
  }
  return name;
}

/** Who the AWS credentials belong to. Everybody may ask that; where it cannot be, the user's name is what is left. */
async function callerArn(userName: string): Promise<string> {
  const client = new STSClient({ maxAttempts: 1 });
  try {
    const abortSignal = AbortSignal.timeout(CALLER_TIMEOUT_MS);
    const { Arn } = await client.send(new GetCallerIdentityCommand({}), { abortSignal });
    return Arn ?? `${userName} (AWS caller unknown)`;
  } catch {
    return `${userName} (AWS caller unknown)`;
  } finally {
    client.destroy();
  }
}
