/** Starting several things at once. */

/**
 * All results, or the first failure; unlike with `Promise.all` nothing is under way any more when it throws,
 * so that what has started can be ended.
 */
export async function together<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
  return await Promise.all(work);
}
