import fc from "fast-check";
import { parseXml, type XmlElement } from "../../shared/providers/xml";
import { propertyRuns } from "../support/property-runs";

const read = (text: string) => parseXml(Buffer.from(text));

describe("reading XML", () => {
  interface Tree {
    readonly name: string;
    readonly text: string;
    readonly children: readonly Tree[];
  }
  const escape = (text: string): string => text.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const write = ({ name, text, children }: Tree): string =>
    `<${name} at="${escape(text)}">${escape(text)}${children.map(write).join("")}</${name}>`;
  const shape = (element: XmlElement): Tree => ({
    name: element.name,
    text: element.text,
    children: element.children.map(shape),
  });
  const text = fc.string({ unit: fc.constantFrom(..."ab <>&\"'é☃𝒳]-!?".split(/(?:)/u)) });
  const treeOf = (depth: number): fc.Arbitrary<Tree> =>
    fc.record({
      name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/),
      text,
      children: depth === 0 ? fc.constant([]) : fc.array(treeOf(depth - 1), { maxLength: 3 }),
    });

  it("gives back what was written", () => {
    fc.assert(
      fc.property(treeOf(4), (value) => {
        const root = read(write(value));
        expect(root && shape(root)).toEqual(value);
        expect(root?.attributes.get("at")).toBe(value.text);
      }),
      propertyRuns(200),
    );
  });

  it("comes back from anything, with an element or with nothing", () => {
    const piece = fc.constantFrom(
      ...["<", ">", "</", "/>", "a", "b:", "=", '"', "'", " ", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "&", ";"],
      ...[
        "<!DOCTYPE",
        "xmlns",
        'xmlns:b="u"',
        "&#x",
        "&lt;",
        "\u0000",
        "\ud800",
        "<a>",
        "</a>",
        '<?xml version="1.0"?>',
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.uint8Array(), (pieces, bytes) => {
        const found = [read(pieces.join("")), parseXml(Buffer.from(bytes))];
        for (const element of found) expect(typeof (element?.name ?? "")).toBe("string");
      }),
      propertyRuns(1000),
    );
  });
});
