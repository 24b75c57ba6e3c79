/** Finding the key that a command names. */
import type { DynamoKeyStore } from "@sluice/aws";
import type { VirtualKey } from "@sluice/keys";
import { CommandFailure } from "../failure.ts";

/** The key of an alias. Throws `CommandFailure` when there is none. */
export async function requireKey(
  keys: Pick<DynamoKeyStore, "findByAlias">,
  alias: string,
): Promise<VirtualKey> {
  const key = await keys.findByAlias(alias);
  if (key) return key;
  throw new CommandFailure("not_found", `There is no key "${alias}". List them with: npx sluice keys list`);
}
