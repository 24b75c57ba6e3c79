/** The functions' environment variables, read once and checked, so that a wrong deployment fails at start. */

/** A variable is missing or wrong. The message names it and says who sets it. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

/** The variable's value. Throws `EnvironmentError` when it is missing or empty. */
export function required(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = env[name];
  if (value === undefined || value === "") {
    throw new EnvironmentError(
      `The environment variable ${name} is not set. The deployment sets it: see infra/ or docs/deploy.md.`,
    );
  }
  return value;
}
