/** Puts the function calls of a candidate together, from parts that hold a whole call or a piece of one. */
import { asObject, asText, type JsonObject } from "../json-value.ts";
import { member } from "./member.ts";
import { createPartialArguments, type PartialArguments } from "./partial-arguments.ts";

/** A function call as it was put together. */
export interface FunctionCall {
  /** Absent as a rule: only some models and Vertex's newer ones give one. */
  readonly id?: string;
  /** Empty when the stream broke off before it came. */
  readonly name: string;
  /** JSON; `{}` when there are none. */
  readonly arguments: string;
  /** The part's thought signature, which must come back with the call. */
  readonly signature?: string;
}

/** Collects the calls of one candidate. */
export interface FunctionCallFold {
  /** Adds the `functionCall` of a part, with the part's signature. Gives the position of the call that it belongs to. */
  add(functionCall: JsonObject, signature: string | undefined): number;
  /** All calls, in the order in which they began. The last one may be incomplete. */
  calls(): readonly FunctionCall[];
  /** How many of them are complete. */
  completeCalls(): number;
}

interface OpenCall {
  id: string | undefined;
  name: string;
  signature: string | undefined;
  whole: JsonObject | undefined;
  partial: PartialArguments;
  goesOn: boolean;
}

/** A collector at the start of an answer. */
export function createFunctionCallFold(): FunctionCallFold {
  const calls: OpenCall[] = [];

  return {
    add(functionCall, signature) {
      const name = asText(functionCall["name"]);
      const last = calls.at(-1);
      let call = last?.goesOn && name === undefined ? last : undefined;
      if (!call) {
        // Nothing but the end of a call that was complete.
        if (last && Object.keys(functionCall).length === 0) return calls.length - 1;
        if (last) last.goesOn = false;
        const partial = createPartialArguments();
        call = {
          id: undefined,
          name: name ?? "",
          signature: undefined,
          whole: undefined,
          partial,
          goesOn: true,
        };
        calls.push(call);
      }
      call.id ??= asText(functionCall["id"]);
      call.signature ??= signature;
      call.whole = asObject(member(functionCall, "args")) ?? call.whole;
      call.partial.add(member(functionCall, "partialArgs"));
      call.goesOn = member(functionCall, "willContinue") === true;
      return calls.indexOf(call);
    },
    calls: () =>
      calls.map(({ id, name, signature, whole, partial }) => ({
        ...(id !== undefined && { id }),
        name,
        arguments: JSON.stringify({ ...whole, ...partial.result() }),
        ...(signature !== undefined && { signature }),
      })),
    completeCalls: () => calls.filter(({ goesOn }) => !goesOn).length,
  };
}
