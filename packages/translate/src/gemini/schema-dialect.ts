/**
 * Gemini's own dialect of schemas (Gemini API reference, "Schema": a subset of OpenAPI 3.0) as JSON Schema, which is what
 * every other format speaks. The way back needs no dialect: both APIs take JSON Schema in fields of its own.
 */
import { asList, asObject, inCamelCase, type JsonObject } from "@sluice/wire";

/** Names whose value is a schema, a list of schemas, or schemas by name. */
const SCHEMA = new Set(["items", "additionalProperties"]);
const SCHEMAS = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const NAMED_SCHEMAS = new Set(["properties", "defs"]);

/** Counts that protocol buffers write as text, since they have 64 bits. */
const COUNTS = new Set(["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"]);

/** The schema as JSON Schema: types in lower case, `nullable` as a type, counts as numbers. */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const read: Record<string, unknown> = {};
  for (const [written, value] of Object.entries(schema)) {
    const name = inCamelCase(written);
    if (value === null || name === "nullable") continue;
    if (name === "type") read["type"] = typeof value === "string" ? value.toLowerCase() : value;
    else if (SCHEMA.has(name)) read[name] = asSchema(value);
    else if (SCHEMAS.has(name)) read[name] = asList(value).map(asSchema);
    else if (NAMED_SCHEMAS.has(name)) read[name === "defs" ? "$defs" : name] = namedSchemas(value);
    else if (COUNTS.has(name) && typeof value === "string") read[name] = Number(value);
    else if (name === "ref") read["$ref"] = value;
    // A protocol buffer has no member that begins with a dollar sign, and `example` is OpenAPI's.
    else if (name === "example") read["examples"] = [value];
    else read[name] = value;
  }
  return schema["nullable"] === true ? withNull(read) : read;
}

function asSchema(value: unknown): unknown {
  const schema = asObject(value);
  return schema ? toJsonSchema(schema) : value;
}

/** The names of properties are the caller's own: they are not put into camel case. */
function namedSchemas(value: unknown): JsonObject {
  const entries = Object.entries(asObject(value) ?? {}).map(([name, each]) => [name, asSchema(each)]);
  return Object.fromEntries(entries) as JsonObject;
}

function withNull(schema: JsonObject): JsonObject {
  const { type, enum: values } = schema;
  return {
    ...schema,
    ...(typeof type === "string" && { type: [type, "null"] }),
    ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }),
  };
}
