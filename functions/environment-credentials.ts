/**
 * Stands in for the SDK's chain of credential providers when the functions are bundled (scripts/build.ts):
 * Lambda hands credentials over in the environment and nowhere else, and the chain with its INI files, SSO and
 * metadata services is a third of the bundle and of its start-up time (docs/performance.md).
 */
import { fromEnv } from "@aws-sdk/credential-provider-env";

/** What the clients ask for when they are given no credentials. */
export const defaultProvider = fromEnv;
