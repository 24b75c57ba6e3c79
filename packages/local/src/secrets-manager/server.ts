/** A stand-in for the part of Secrets Manager that the SDK's users need. Binary secrets are not supported. */
import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { ServiceError, startAwsJsonServer } from "../aws-json.ts";
import { findSecret, findVersion, type Secret, type Secrets, withValue } from "./secrets.ts";

/** Where and how it runs. */
export interface SecretsManagerOptions {
  /** Default 0: a free port. */
  readonly port?: number;
  /** File that keeps the secrets in plain text, readable by its owner only. In memory without it. */
  readonly file?: string;
}

/** A Secrets Manager that listens. */
export interface SecretsManager {
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Input {
  readonly Name?: string;
  readonly SecretId?: string;
  readonly SecretString?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
  readonly ClientRequestToken?: string;
}

/** What an operation answers, and the secrets after it when it changed them. */
interface Result {
  readonly output: object;
  readonly secrets?: Secrets;
}

const OWNER_ONLY = 0o600;

/** Starts it on a loopback port. Throws when the file is not one that it wrote. */
export async function startSecretsManager({
  port = 0,
  file,
}: SecretsManagerOptions): Promise<SecretsManager> {
  let secrets = file ? await load(file) : new Map<string, Secret>();
  let lastWrite = Promise.resolve();
  const server = await startAwsJsonServer({ port, version: "1.1" }, async ({ operation, body }) => {
    const run = OPERATIONS[operation];
    if (!run) throw new ServiceError("InvalidRequestException", `${operation} is not supported here`);
    const result = run(secrets, JSON.parse(body) as Input);
    if (result.secrets) {
      secrets = result.secrets;
      if (file) {
        lastWrite = lastWrite.then(() => save(file, secrets));
        await lastWrite;
      }
    }
    return { status: 200, body: JSON.stringify(result.output) };
  });
  return server;
}

const OPERATIONS: Readonly<Record<string, (secrets: Secrets, input: Input) => Result>> = {
  CreateSecret: (secrets, { Name = "", SecretString, ClientRequestToken }) => {
    if (secrets.has(Name)) {
      throw new ServiceError("ResourceExistsException", `The secret ${Name} already exists.`);
    }
    const arn = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${Name}-${randomUUID().slice(0, 6)}`;
    return store(secrets, { name: Name, arn, versions: [] }, SecretString, ClientRequestToken);
  },
  PutSecretValue: (secrets, { SecretId = "", SecretString, ClientRequestToken }) =>
    store(secrets, findSecret(secrets, SecretId), SecretString, ClientRequestToken),
  GetSecretValue: (secrets, { SecretId = "", VersionId, VersionStage }) => {
    const secret = findSecret(secrets, SecretId);
    const version = findVersion(secret, { id: VersionId, stage: VersionStage });
    return {
      output: {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: version.stages,
        SecretString: version.value,
        CreatedDate: version.createdAt,
      },
    };
  },
  DescribeSecret: (secrets, { SecretId = "" }) => {
    const { arn, name, versions } = findSecret(secrets, SecretId);
    const stages = Object.fromEntries(versions.map(({ id, stages }) => [id, stages]));
    return { output: { ARN: arn, Name: name, VersionIdsToStages: stages } };
  },
  ListSecrets: (secrets) => ({
    output: { SecretList: [...secrets.values()].map(({ arn, name }) => ({ ARN: arn, Name: name })) },
  }),
  // At once, without the days in which the service could restore it.
  DeleteSecret: (secrets, { SecretId = "" }) => {
    const { arn, name } = findSecret(secrets, SecretId);
    const rest = new Map([...secrets].filter(([other]) => other !== name));
    return { output: { ARN: arn, Name: name, DeletionDate: nowSeconds() }, secrets: rest };
  },
};

function store(
  secrets: Secrets,
  secret: Secret,
  value: string | undefined,
  token: string | undefined,
): Result {
  const id = token ?? randomUUID();
  const changed = value === undefined ? secret : withValue(secret, { id, value, createdAt: nowSeconds() });
  return {
    output: { ARN: secret.arn, Name: secret.name, ...(value !== undefined && { VersionId: id }) },
    secrets: new Map([...secrets, [secret.name, changed]]),
  };
}

async function load(file: string): Promise<Secrets> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw error;
  });
  const list = JSON.parse(text) as readonly Secret[];
  return new Map(list.map((secret) => [secret.name, secret]));
}

/** By renaming, so that a crash leaves the old file or the new one. */
async function save(file: string, secrets: Secrets): Promise<void> {
  const unfinished = `${file}.tmp`;
  await writeFile(unfinished, JSON.stringify([...secrets.values()], undefined, 2), { mode: OWNER_ONLY });
  await rename(unfinished, file);
}

function nowSeconds(): number {
  return Date.now() / 1000;
}
