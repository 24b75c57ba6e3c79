import { editMembers } from "@sluice/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("an edit of a JSON object's members", () => {
  it("leaves numbers, escapes, duplicate keys and white space as they were", () => {
    const text = '{ "n": 1.0, "big": 12345678901234567890,\n "s": "\\u00e9\\/", "n":2e+0 , "model" : "a" }';
    expect(editMembers(text, [{ key: "model", value: '"b"' }])).toBe(text.replace('"a"', '"b"'));
  });

  it.each([
    ['{"a":1,"b":2,"c":3}', "a", '{"b":2,"c":3}'],
    ['{"a":1,"b":2,"c":3}', "b", '{"a":1,"c":3}'],
    ['{"a":1,"b":2,"c":3}', "c", '{"a":1,"b":2}'],
    ['{"a":1}', "a", "{}"],
    ['{"a":1,"b":2,"a":3}', "a", '{"b":2}'],
    ['{"a":{"b":"}\\""},"b":[1,{"a":"]"}]}', "a", '{"b":[1,{"a":"]"}]}'],
    ["{}", "a", "{}"],
  ])("removes a member of %s together with one comma", (text, key, expected) => {
    expect(editMembers(text, [{ key }])).toBe(expected);
  });

  it("appends a member that is not there, in an empty object too", () => {
    expect(editMembers("{}", [{ key: "a", value: "1" }])).toBe('{"a":1}');
    expect(editMembers(' {"b":2 } ', [{ key: "a", value: "1" }])).toBe(' {"b":2,"a":1 } ');
    expect(editMembers('{"b":2}', [{ key: "b" }, { key: "a", value: "1" }])).toBe('{"a":1}');
  });

  it("equals the same edit of the parsed object, for any object and any white space", () => {
    const key = fc.oneof(fc.constantFrom("model", "trace", "stream_options"), fc.string());
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue(), { noNullPrototype: true }),
        fc.constantFrom(undefined, 2, "\t"),
        fc.uniqueArray(fc.record({ key, value: fc.option(fc.jsonValue(), { nil: undefined }) }), {
          selector: (edit) => edit.key,
        }),
        (object, indent, edits) => {
          const text = JSON.stringify(object, null, indent);
          const expected = new Map(Object.entries(JSON.parse(text) as Record<string, unknown>));
          for (const { key, value } of edits) {
            if (value === undefined) expected.delete(key);
            else expected.set(key, value);
          }
          const edited = editMembers(
            text,
            edits.map(({ key, value }) =>
              value === undefined ? { key } : { key, value: JSON.stringify(value) },
            ),
          );
          const entries = new Map(Object.entries(JSON.parse(edited) as Record<string, unknown>));
          expect(entries).toEqual(
            new Map([...expected].map(([k, v]) => [k, JSON.parse(JSON.stringify(v)) as unknown])),
          );
        },
      ),
    );
  });
});
