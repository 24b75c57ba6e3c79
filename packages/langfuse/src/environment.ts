/**
 * Langfuse environments: lower-case letters, digits, `-` and `_`, at most 40 of them, not beginning with
 * `langfuse` (Langfuse documentation, "Environments"). Langfuse files whatever else comes under "default",
 * without a word; so a name that does not fit is made to fit, and the call says what it was.
 */

const MAX_LENGTH = 40;

/** The environment's name as Langfuse takes it: the same name where it fits, else the nearest one that does. */
export function fittingEnvironment(name: string): string {
  const fitting = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replace(/^([-_]*langfuse)+[-_]*/, "")
    .slice(0, MAX_LENGTH);
  return /[a-z0-9]/.test(fitting) ? fitting : "unnamed";
}
