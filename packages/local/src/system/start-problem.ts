/** Why the local system cannot start, in a form that a person can act on. */

/** The message is one line: what is wrong, and the remedy. */
export class StartProblem extends Error {
  override readonly name = "StartProblem";
}
