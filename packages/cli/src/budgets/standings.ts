/** Reads how accounts stand now. */
import type { Target } from "../target/target.ts";
import { accountOf, type Holder, type Standing } from "./budget-report.ts";
import { allHolders } from "./holders.ts";

/** Accounts read at the same time. */
const READS_AT_ONCE = 20;

/** How the holder's account stands in the period of a moment (Unix time, ms). */
export async function standingOf(
  { accounts }: Pick<Target, "accounts">,
  holder: Holder,
  nowMs: number,
): Promise<Standing> {
  const { account, ...period } = accountOf(holder, nowMs);
  return { holder, account, ...period, totals: await accounts.read(account) };
}

/** How every key and every tenant stands, in the order of `allHolders`. */
export async function allStandings(
  target: Pick<Target, "keys" | "accounts">,
  nowMs: number,
): Promise<readonly Standing[]> {
  const holders = await allHolders(target.keys);
  const standings: Standing[] = [];
  for (let from = 0; from < holders.length; from += READS_AT_ONCE) {
    const some = holders.slice(from, from + READS_AT_ONCE);
    standings.push(...(await Promise.all(some.map((holder) => standingOf(target, holder, nowMs)))));
  }
  return standings;
}
