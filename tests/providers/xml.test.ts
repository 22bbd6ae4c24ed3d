import { parseXml, type XmlElement } from "../../shared/providers/xml";

const read = (text: string): XmlElement | undefined => parseXml(Buffer.from(text));

describe("an XML document", () => {
  it("is read with its namespaces, whatever the prefixes", () => {
    const root = read(
      `<?xml version="1.0" encoding="UTF-8"?>
       <!-- a comment --><?style sheet?>
       <a:root xmlns:a="urn:a" xmlns="urn:d" plain="1" a:own='2 "x"'>
         <child xmlns="urn:e">text</child><b:child xmlns:b="urn:a"/><child/>
       </a:root>`,
    );
    expect(root).toMatchObject({ namespace: "urn:a", name: "root" });
    expect([...(root?.attributes ?? [])]).toEqual([
      ["plain", "1"],
      ["urn:a own", '2 "x"'],
    ]);
    expect(root?.children.map(({ namespace, name, text }) => [namespace, name, text])).toEqual([
      ["urn:e", "child", "text"],
      ["urn:a", "child", ""],
      ["urn:d", "child", ""],
    ]);
  });

  it("has its references, its character data and its line ends resolved", () => {
    const root = read('<a b="&lt;&#65;\t&quot;">x &amp; y &#x263A;\r\n&apos;&gt;<![CDATA[<&]]><!-- no --></a>');
    expect(root?.text).toBe("x & y ☺\n'><&");
    expect(root?.attributes.get("b")).toBe('<A "');
  });

  it("may begin with a byte order mark, and a declaration may say standalone", () => {
    expect(read('\ufeff<?xml version="1.0" standalone="yes"?><a/>')?.name).toBe("a");
    expect(read("<?xml version='1.1' encoding='utf-8'?>\n<a/>")?.name).toBe("a");
  });

  it("may take a default namespace back", () => {
    expect(read('<a xmlns="urn:a"><b xmlns=""/></a>')?.children[0]?.namespace).toBe("");
  });

  it("knows the prefix xml without a declaration", () => {
    expect(read('<a xml:lang="de"/>')?.attributes.get("http://www.w3.org/XML/1998/namespace lang")).toBe("de");
  });
});

describe("what is no document that is taken", () => {
  it.each([
    "",
    "text",
    "<a>",
    "</a>",
    "<a></b>",
    "<a/><b/>",
    "<a/>text",
    "text<a/>",
    "<a",
    "<a b/>",
    "<a b=c/>",
    '<a b="<"/>',
    '<a b="1" b="2"/>',
    '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>',
    '<a xmlns:x="u" xmlns:x="v"/>',
    "<x:a/>",
    '<a x:b="1"/>',
    '<a xmlns:x=""/>',
    '<a xmlns:xml="urn:a"/>',
    '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>',
    '<xmlns:a xmlns="u"/>',
    "<a>&nbsp;</a>",
    "<a>&</a>",
    "<a>&#0;</a>",
    "<a>&#xD800;</a>",
    "<a>&#x110000;</a>",
    "<a>&#xFFFE;</a>",
    "<a>]]></a>",
    "<a>\u0000</a>",
    "<a><!-- a -- b --></a>",
    "<a><!-- a</a>",
    "<a><![CDATA[x</a>",
    "<![CDATA[ ]]><a/>",
    "<a></a/>",
    "<a><?xml version='1.0'?></a>",
    "<a><?></a>",
    " <?xml version='1.0'?><a/>",
    '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
    '<?XML version="1.0"?><a/>',
    "<ä/>",
    "< a/>",
    "<a><!ELEMENT a ANY></a>",
  ])("%j", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("bytes that are no UTF-8, and UTF-16", () => {
    expect(parseXml(Buffer.from("<a>\u00fc</a>", "latin1"))).toBeUndefined();
    expect(parseXml(Buffer.from("\ufeff<a/>", "utf16le"))).toBeUndefined();
  });

  it.each([
    ["a document type", "<!DOCTYPE a><a/>"],
    ["one in lower case", "<!doctype a><a/>"],
    ["one with entities that grow", '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'],
    ["one that reads a file", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
    ["one that fetches", '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>'],
    ["one after a comment", "<!-- x --><!DOCTYPE a><a/>"],
    ["one within the root", "<a><!DOCTYPE a></a>"],
  ])("%s", (_, text) => {
    expect(read(text)).toBeUndefined();
  });

  it("more depth, elements or attributes than anybody needs", () => {
    const deep = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
    expect(read(deep(16))).toBeDefined();
    expect(read(deep(17))).toBeUndefined();
    const wide = (count: number) => `<a>${"<b/>".repeat(count)}</a>`;
    expect(read(wide(19_999))?.children).toHaveLength(19_999);
    expect(read(wide(20_000))).toBeUndefined();
    const many = (count: number) => `<a ${Array.from({ length: count }, (_, index) => `b${index}="1"`).join(" ")}/>`;
    expect(read(many(32))?.attributes.size).toBe(32);
    expect(read(many(33))).toBeUndefined();
  });
});
