/** Secrets with their versions and staging labels. What is stored is plain JSON, so it can be kept in a file. */
import { ServiceError } from "../aws-json.ts";

/** One value that a secret had. */
export interface SecretVersion {
  readonly id: string;
  readonly value: string;
  /** `AWSCURRENT`, `AWSPREVIOUS`, both never, or neither. */
  readonly stages: readonly string[];
  /** Unix time, seconds. */
  readonly createdAt: number;
}

/** A secret. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  /** Oldest first. */
  readonly versions: readonly SecretVersion[];
}

/** Secrets by name. */
export type Secrets = ReadonlyMap<string, Secret>;

/** Finds it by name, ARN, or ARN without the random end. Throws `ResourceNotFoundException`. */
export function findSecret(secrets: Secrets, id: string): Secret {
  const found =
    secrets.get(id) ??
    [...secrets.values()].find(({ arn }) => arn === id || arn.replace(/-[A-Za-z0-9]{6}$/, "") === id);
  if (found) return found;
  throw new ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}

/** The version with that id, or with that label (default `AWSCURRENT`). Throws `ResourceNotFoundException`. */
export function findVersion(
  secret: Secret,
  { id, stage = "AWSCURRENT" }: { readonly id?: string | undefined; readonly stage?: string | undefined },
): SecretVersion {
  const found = secret.versions.find((version) =>
    id === undefined ? version.stages.includes(stage) : version.id === id,
  );
  if (found) return found;
  throw new ServiceError(
    "ResourceNotFoundException",
    `Secrets Manager can't find the specified secret value for ${id ? `VersionId: ${id}` : `staging label: ${stage}`}`,
  );
}

/** The secret with a new current version; what was current is now the previous one. */
export function withValue(secret: Secret, version: Omit<SecretVersion, "stages">): Secret {
  const relabelled = secret.versions.map((old) => ({
    ...old,
    stages: old.stages.includes("AWSCURRENT") ? ["AWSPREVIOUS"] : [],
  }));
  // Secrets Manager deletes versions without a label in time; here at once.
  const kept = relabelled.filter(({ stages }) => stages.length > 0);
  return { ...secret, versions: [...kept, { ...version, stages: ["AWSCURRENT"] }] };
}
