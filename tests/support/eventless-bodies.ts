/** Lists within lists. */
export const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const objects = (depth: number) => '{"event":'.repeat(depth) + "1" + "}".repeat(depth);

/** Bodies in which nobody could find an event. */
export const eventlessBodies: readonly (readonly [string, string | Buffer])[] = [
  ["nothing", ""],
  ["an empty object", "{}"],
  ["a list", "[]"],
  ["a list of lists", "[[],[{}]]"],
  ["null", "null"],
  ["a number", "7"],
  ["a number that is none", "1e999"],
  ["a text", '"text"'],
  ["half an object", '{"type":"event_callback","event":'],
  ["lists where objects belong", '{"sobject":[],"issue":[],"event":[],"entity":[],"data":[],"message":[],"events":{}}'],
  [
    "objects where texts belong",
    '{"action":{},"type":{},"id":{},"event_id":{},"sobject":{"name":{},"fields":{"Id":{}}}}',
  ],
  ["numbers where texts belong", '{"action":1,"type":2,"sobject":{"name":3,"fields":{"Id":""}},"entity":{"id":""}}'],
  ["the same name twice", '{"type":"page.created","type":7,"action":"opened","issue":1,"issue":{}}'],
  ["a prototype", '{"__proto__":{"type":"page.created"},"constructor":{"prototype":{"id":1}}}'],
  ["lists a hundred and one deep", nested(101)],
  ["lists a hundred thousand deep", nested(100_000)],
  ["objects ten thousand deep", objects(10_000)],
  ["a byte order mark", "\ufeff{}"],
  ["no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["zeros", Buffer.alloc(64)],
  ["XML", '<?xml version="1.0"?><a/>'],
  ["an XML bomb", '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'],
  ["a form", "payload=%7B%7D&payload=%5B%5D"],
  ["a form of nothing", "&&==&%&%zz"],
  ["a form with deep JSON", `payload=${encodeURIComponent(objects(5000))}`],
  ["a megabyte of blanks", " ".repeat(1024 * 1024)],
  ["a long text", JSON.stringify("x".repeat(1_000_000))],
  ["a long name", JSON.stringify({ ["x".repeat(1_000_000)]: 1 })],
];
