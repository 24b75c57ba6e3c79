/** Errors in OpenAI's shape (OpenAI API reference, "Error codes"). */

/** What an error says to a client that speaks OpenAI's format. */
export interface OpenAiError {
  readonly message: string;
  /** OpenAI's own types: `invalid_request_error`, `authentication_error`, `server_error`, … */
  readonly type: string;
  /** Stable; for programs. */
  readonly code: string;
  /** The request field that is at fault. */
  readonly param?: string;
}

/** The body of an error answer. */
export function openAiErrorBody({ message, type, code, param }: OpenAiError): string {
  return JSON.stringify({ error: { message, type, param: param ?? null, code } });
}

/** An error after the answer has begun, as an event of its stream. The official SDKs throw on it. */
export function openAiErrorEvent(error: OpenAiError): string {
  return `data: ${openAiErrorBody(error)}\n\n`;
}
