/** The directory that keeps a local system's state. One run at a time has it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StartProblem } from "./start-problem.ts";

/** A directory that nobody else uses. */
export interface DataDirectory {
  /** The absolute path of a file in it. */
  file(name: string): string;
  /** Lets the next run have it. */
  release(): void;
}

const PID_FILE = "pid";

/**
 * Takes the directory, which is made if it is not there. Throws `StartProblem` when another run has it, or
 * when it cannot be used.
 */
export function takeDataDirectory(path: string): DataDirectory {
  const file = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = takeLock(file("lock"));
    writeFileSync(file(PID_FILE), `${process.pid}\n`);
    return { file, release: () => lock.close() };
  } catch (error) {
    if ((error as { readonly errcode?: number }).errcode === SQLITE_BUSY) {
      throw new StartProblem(
        `the data directory ${path} is in use by process ${readPid(file(PID_FILE))}: stop it, or set SLUICE_DATA_DIR to another directory`,
      );
    }
    throw new StartProblem(
      `the data directory ${path} cannot be used (${error instanceof Error ? error.message : String(error)}): set SLUICE_DATA_DIR to another directory`,
    );
  }
}

/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * An open transaction of SQLite: the operating system gives its lock back when the process ends, however it
 * ends, which no lock file of our own would be.
 */
function takeLock(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "unknown";
  }
}
