/** What we use of dynalite, which comes without types: https://github.com/architect/dynalite */
declare module "dynalite" {
  import type { Server } from "node:http";

  interface DynaliteOptions {
    /** Directory of the LevelDB store; in memory without it. */
    readonly path?: string;
    /** How long a table is in CREATING, ms. */
    readonly createTableMs?: number;
    /** How long a table is in DELETING, ms. */
    readonly deleteTableMs?: number;
    /** How long a table is in UPDATING, ms. */
    readonly updateTableMs?: number;
  }

  /** A server that does not listen yet. Its `close` closes the store too. */
  export default function dynalite(options?: DynaliteOptions): Server;
}
