/** Whether the secrets can be read. */
import { createJsonSecret } from "@sluice/aws";
import type { SecretPlace } from "../target/secret-place.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { denied, noCredentials, problemOf } from "./sdk-problem.ts";

/** A secret's members, where they could be read. */
export interface ReadSecret {
  readonly finding: Finding;
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Reads one of the secrets. */
export async function readSecret(
  { client, ...names }: SecretPlace,
  which: "providers" | "drains",
  nowMs: () => number,
): Promise<ReadSecret> {
  const id = names[which];
  const name = `secret ${which}`;
  const put = `aws secretsmanager put-secret-value --secret-id ${id} --secret-string file://${which}.json`;
  try {
    const members = await createJsonSecret(client, id, nowMs).read();
    const count = Object.keys(members).length;
    const finding =
      count === 0
        ? fail(name, `${id} has no members.`, `put the keys in, as docs/deploy.md says: ${put}`)
        : ok(name, `${id} can be read, and has ${count} ${count === 1 ? "member" : "members"}.`);
    return { finding, members };
  } catch (error) {
    if (denied(error)) {
      const message = `${id} may not be read with these credentials, so that its keys are not tried.`;
      return { finding: warn(name, message, "allow secretsmanager:GetSecretValue on it, or ask who may") };
    }
    if (noCredentials(error)) return { finding: fail(name, ...problemOf(error)) };
    if (error instanceof Error && error.name === "ResourceNotFoundException") {
      return { finding: fail(name, `${id} is not there, or has no value yet.`, `make it: ${put}`) };
    }
    const [message, remedy] = problemOf(error);
    return { finding: fail(name, `${id}: ${message}`, remedy) };
  }
}
