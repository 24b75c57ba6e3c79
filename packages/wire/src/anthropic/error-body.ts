/** Errors in Anthropic's shape (Anthropic API, "Errors"). */

/** What an error says to a client that speaks Anthropic's format. */
export interface AnthropicError {
  readonly message: string;
  /** Anthropic's own types: `invalid_request_error`, `authentication_error`, `overloaded_error`, … */
  readonly type: string;
  /** Stable; for programs. Anthropic has none of its own: it stands beside the message, where clients ignore it. */
  readonly code?: string;
  /** The id under which the call is found again; Anthropic sends it in `request_id`. */
  readonly requestId?: string;
}

/** The body of an error answer. */
export function anthropicErrorBody({ message, type, code, requestId }: AnthropicError): string {
  // JSON leaves out what is undefined.
  return JSON.stringify({ type: "error", error: { type, message, code }, request_id: requestId });
}

/** An error after the answer has begun, as an event of its stream. The official SDKs throw on it. */
export function anthropicErrorEvent(error: AnthropicError): string {
  return `event: error\ndata: ${anthropicErrorBody(error)}\n\n`;
}
