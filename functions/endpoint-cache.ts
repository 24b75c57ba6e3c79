/**
 * Stands in for the SDK's cache of discovered endpoints when the functions are bundled (scripts/build.ts). The DynamoDB client
 * makes one at its start, and uses it only where endpoint discovery is turned on, which the functions never do; the library of data
 * structures behind it is 7 KB of each cold start.
 */

/** A cache that remembers nothing: whoever asks is told to use the regional endpoint. */
export class EndpointCache {
  getEndpoint(): undefined {
    return undefined;
  }
  get(): undefined {
    return undefined;
  }
  set(): void {
    // There is nothing to discover.
  }
  delete(): void {
    // There is nothing to forget.
  }
  has(): boolean {
    return false;
  }
  clear(): void {
    // There is nothing to forget.
  }
}
