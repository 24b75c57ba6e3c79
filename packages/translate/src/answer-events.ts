/** Tells a whole answer as the events of a stream. */
import type { AnswerEvent, Block, ModelAnswer } from "./answer.ts";

/** The events that the answer would have come as; `foldEvents` makes the same answer of them. */
export function answerEvents(answer: ModelAnswer): readonly AnswerEvent[] {
  const { blocks, finish, usage, ...head } = answer;
  return [
    { kind: "start", answer: head },
    ...blocks.flatMap(blockEvents),
    ...(usage ? [{ kind: "usage", usage } as const] : []),
    ...(finish ? [{ kind: "finish", finish } as const] : []),
    { kind: "end" },
  ];
}

/** Content goes into deltas, as it does in a stream: some writers and clients look for it only there. */
function blockEvents(block: Block): AnswerEvent[] {
  const end = { kind: "block_end" } as const;
  switch (block.kind) {
    case "text": {
      const citations = (block.citations ?? []).map(
        (citation): AnswerEvent => ({ kind: "delta", delta: { kind: "citation", citation } }),
      );
      return [
        { kind: "block_start", block: { kind: "text", text: "" } },
        ...textDelta(block.text),
        ...citations,
        end,
      ];
    }
    case "refusal":
      return [{ kind: "block_start", block: { ...block, text: "" } }, ...textDelta(block.text), end];
    case "reasoning": {
      const { signature, encrypted, ...opening } = block;
      // Thinking that is nothing but encrypted comes whole.
      if (block.text === "" && signature === undefined) return [{ kind: "block_start", block }, end];
      const signed: AnswerEvent[] =
        signature === undefined ? [] : [{ kind: "delta", delta: { kind: "signature", signature } }];
      const sealed: AnswerEvent[] =
        encrypted === undefined ? [] : [{ kind: "delta", delta: { kind: "encrypted", encrypted } }];
      return [
        { kind: "block_start", block: { ...opening, text: "" } },
        ...textDelta(block.text),
        ...signed,
        ...sealed,
        end,
      ];
    }
    case "tool_call":
      return [
        { kind: "block_start", block: { ...block, arguments: "" } },
        ...(block.arguments === ""
          ? []
          : [{ kind: "delta", delta: { kind: "arguments", json: block.arguments } } as const]),
        end,
      ];
    case "image":
    case "server_tool":
    default:
      return [{ kind: "block_start", block }, end];
  }
}

function textDelta(text: string): AnswerEvent[] {
  return text === "" ? [] : [{ kind: "delta", delta: { kind: "text", text } }];
}
