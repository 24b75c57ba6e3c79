/** Bodies in Anthropic's messages format, as its API sends them. */

/** A message, with the fields changed that a test is about. */
export function message(fields: object = {}): object {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5",
    content: [{ type: "text", text: "Hello" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
    ...fields,
  };
}

/** Events as a stream: each has its name and its data. */
export function messageStream(events: readonly object[]): string {
  return events
    .map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}

/** The events of a message with these blocks' events between its start and its end. */
export function messageEvents(
  blocks: readonly object[],
  {
    start = {},
    delta = {},
    usage = { output_tokens: 5 },
  }: { start?: object; delta?: object; usage?: object } = {},
): object[] {
  const opening = { content: [], stop_reason: null, usage: { input_tokens: 10, output_tokens: 1 } };
  return [
    { type: "message_start", message: message({ ...opening, ...start }) },
    ...blocks,
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null, ...delta }, usage },
    { type: "message_stop" },
  ];
}

/** The events of one block: its start, its deltas, its end. */
export function blockEvents(index: number, block: object, deltas: readonly object[] = []): object[] {
  return [
    { type: "content_block_start", index, content_block: block },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}
