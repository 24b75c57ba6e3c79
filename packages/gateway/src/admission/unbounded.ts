/** Why nobody can say before a call what it may cost at most. */

/** What of a request has no bound. */
export interface Unbounded {
  /** The field of the request; absent when it is the whole call. */
  readonly param?: string;
  /** A sentence for the caller, without its end: what is not bounded, and by what. */
  readonly reason: string;
  /** Only tokens are unknown, so that a model whose tokens cost nothing is bounded all the same. */
  readonly inTokens?: true;
}
