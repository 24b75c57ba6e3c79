/** Builds one DynamoDB update out of parts, with the placeholders that its expressions need. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** The parts of an update as the SDK takes them. */
export interface UpdateParts {
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** An update that is being put together. */
export interface UpdateBuilder {
  /** Adds to a number; a missing one counts as zero. Adding nothing leaves it out. */
  add(name: string, amount: bigint | number): void;
  set(name: string, value: AttributeValue): void;
  remove(name: string): void;
  /** All conditions must hold. `write` gets placeholders for the attribute's name and for values. */
  require(name: string, write: (attribute: string, value: (value: AttributeValue) => string) => string): void;
  build(): UpdateParts;
}

/** Begins an update. */
export function createUpdate(): UpdateBuilder {
  const names = new Map<string, string>();
  const values: Record<string, AttributeValue> = {};
  const clauses = { ADD: [] as string[], SET: [] as string[], REMOVE: [] as string[] };
  const conditions: string[] = [];
  const nameOf = (name: string) => {
    const known = names.get(name) ?? `#n${names.size}`;
    names.set(name, known);
    return known;
  };
  const valueOf = (value: AttributeValue) => {
    const placeholder = `:v${Object.keys(values).length}`;
    values[placeholder] = value;
    return placeholder;
  };
  return {
    add(name, amount) {
      if (BigInt(amount) !== 0n) clauses.ADD.push(`${nameOf(name)} ${valueOf({ N: String(amount) })}`);
    },
    set(name, value) {
      clauses.SET.push(`${nameOf(name)} = ${valueOf(value)}`);
    },
    remove(name) {
      clauses.REMOVE.push(nameOf(name));
    },
    require(name, write) {
      conditions.push(write(nameOf(name), valueOf));
    },
    build: () => ({
      UpdateExpression: Object.entries(clauses)
        .filter(([, parts]) => parts.length > 0)
        .map(([verb, parts]) => `${verb} ${parts.join(", ")}`)
        .join(" "),
      ...(conditions.length > 0 && { ConditionExpression: conditions.join(" AND ") }),
      ExpressionAttributeNames: Object.fromEntries(
        [...names].map(([name, placeholder]) => [placeholder, name]),
      ),
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    }),
  };
}
