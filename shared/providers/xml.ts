import { isUtf8 } from "node:buffer";
import { declaredIn, namespaceOf, NotXml, type Prefixes, type RawAttribute, resolveAttributes } from "./xml-namespaces";

/** An element of an XML document. `namespace` is empty where it has none. */
export interface XmlElement {
  readonly namespace: string;
  /** Without its prefix. */
  readonly name: string;
  /** By local name, or by `namespace local-name` for attributes with a prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All character data directly within the element. */
  readonly text: string;
}

/** Enough for SOAP, and little enough that no document can be made to cost more than its bytes. */
const MAX_DEPTH = 16;
const MAX_ELEMENTS = 20_000;
const MAX_ATTRIBUTES = 32;

const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*["']1\.[0-9]["']([ \t\n]+encoding[ \t\n]*=[ \t\n]*["'][Uu][Tt][Ff]-8["'])?([ \t\n]+standalone[ \t\n]*=[ \t\n]*["'](yes|no)["'])?[ \t\n]*\?>/;
/** Names beyond ASCII are allowed by XML and used by nobody who sends here. */
const qualifiedName = /(?:([A-Za-z_][A-Za-z0-9_.-]*):)?([A-Za-z_][A-Za-z0-9_.-]*)/y;
const attributeSyntax =
  /[ \t\n]+(?:([A-Za-z_][A-Za-z0-9_.-]*):)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t\n]*=[ \t\n]*(?:"([^<"]*)"|'([^<']*)')/y;
const endOfTag = /[ \t\n]*(\/?)>/y;
const processingInstruction = /<\?([A-Za-z_][A-Za-z0-9_.-]*)(?:[ \t\n][^]*?)?\?>/y;
const reference = /&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|apos|quot));/g;
const predefined: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["apos", "'"],
  ["quot", '"'],
]);
const illegalCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/**
 * The root element of a well-formed XML document in UTF-8 (XML 1.0, Namespaces in XML 1.0), or `undefined` for anything
 * else. No document type is taken, and so no entity but the five predefined and the numeric ones; nothing is ever fetched.
 */
export function parseXml(bytes: Buffer): XmlElement | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return new XmlReader(bytes.toString("utf8").replace(/^\ufeff/, "")).read();
  } catch (error) {
    if (error instanceof NotXml) return undefined;
    throw error;
  }
}

/** An element whose end has not come yet. */
interface OpenElement {
  readonly namespace: string;
  readonly name: string;
  /** As it was written: the end tag has to repeat it. */
  readonly written: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly prefixes: Prefixes;
  readonly children: XmlElement[];
  text: string;
}

class XmlReader {
  readonly #text: string;
  readonly #open: OpenElement[] = [];
  #position = 0;
  #elements = 0;
  #root: XmlElement | undefined;

  constructor(text: string) {
    this.#text = text.replace(/\r\n?/g, "\n");
    if (illegalCharacter.test(this.#text)) throw new NotXml();
  }

  read(): XmlElement {
    this.#position = declaration.exec(this.#text)?.[0].length ?? 0;
    while (this.#position < this.#text.length) this.#readNext();
    if (this.#root === undefined || this.#open.length > 0) throw new NotXml();
    return this.#root;
  }

  #readNext(): void {
    if (this.#text[this.#position] !== "<") this.#readText();
    else if (this.#startsWith("<!--")) this.#readComment();
    else if (this.#startsWith("<![CDATA[")) this.#readCharacterData();
    else if (this.#startsWith("<?")) this.#readInstruction();
    else if (this.#startsWith("</")) this.#readEndTag();
    // What is left of "<!" is a document type, or nothing that XML knows: neither has a name here.
    else this.#readStartTag();
  }

  #readText(): void {
    const end = this.#text.indexOf("<", this.#position);
    const raw = this.#text.slice(this.#position, end < 0 ? undefined : end);
    if (raw.includes("]]>")) throw new NotXml();
    this.#addText(withReferences(raw));
    this.#position += raw.length;
  }

  #readCharacterData(): void {
    if (this.#open.length === 0) throw new NotXml();
    this.#addText(this.#upTo("<![CDATA[", "]]>"));
  }

  #readComment(): void {
    if (this.#upTo("<!--", "-->").includes("--")) throw new NotXml();
  }

  #readInstruction(): void {
    const [, target = ""] = this.#match(processingInstruction);
    if (target.toLowerCase() === "xml") throw new NotXml();
  }

  #readStartTag(): void {
    this.#position++;
    const [written, prefix, name = ""] = this.#match(qualifiedName);
    const raw = this.#readAttributes();
    const [, closing] = this.#match(endOfTag);
    const around = this.#open.at(-1)?.prefixes;
    const prefixes = { declared: declaredIn(raw), around };
    this.#elements++;
    if (this.#open.length >= MAX_DEPTH || this.#elements > MAX_ELEMENTS) throw new NotXml();
    if (this.#open.length === 0 && this.#root !== undefined) throw new NotXml();
    const namespace = namespaceOf(prefix, prefixes);
    const attributes = resolveAttributes(raw, prefixes);
    this.#open.push({ namespace, name, written, attributes, prefixes, children: [], text: "" });
    if (closing === "/") this.#close();
  }

  #readAttributes(): readonly RawAttribute[] {
    const found: RawAttribute[] = [];
    for (;;) {
      attributeSyntax.lastIndex = this.#position;
      const match = attributeSyntax.exec(this.#text);
      if (match === null) return found;
      if (found.length >= MAX_ATTRIBUTES) throw new NotXml();
      const [whole, prefix, name = "", quoted, apostrophed] = match;
      found.push({ prefix, name, value: withReferences((quoted ?? apostrophed ?? "").replace(/[\t\n]/g, " ")) });
      this.#position += whole.length;
    }
  }

  #readEndTag(): void {
    this.#position += "</".length;
    const [written] = this.#match(qualifiedName);
    const [, closing] = this.#match(endOfTag);
    if (closing !== "" || this.#open.at(-1)?.written !== written) throw new NotXml();
    this.#close();
  }

  #close(): void {
    const element = this.#open.pop();
    if (element === undefined) throw new NotXml();
    const { namespace, name, attributes, children, text } = element;
    const parent = this.#open.at(-1);
    const closed = { namespace, name, attributes, children, text };
    if (parent === undefined) this.#root = closed;
    else parent.children.push(closed);
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
    else if (/[^ \t\n]/.test(text)) throw new NotXml();
  }

  #startsWith(mark: string): boolean {
    return this.#text.startsWith(mark, this.#position);
  }

  /** What stands between `start`, which is here, and the next `end`. */
  #upTo(start: string, end: string): string {
    const from = this.#position + start.length;
    const to = this.#text.indexOf(end, from);
    if (to < 0) throw new NotXml();
    this.#position = to + end.length;
    return this.#text.slice(from, to);
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match === null) throw new NotXml();
    this.#position += match[0].length;
    return match;
  }
}

function withReferences(raw: string): string {
  if (!raw.includes("&")) return raw;
  if (raw.replace(reference, "").includes("&")) throw new NotXml();
  return raw.replace(reference, (_, decimal?: string, hex?: string, name?: string) =>
    name === undefined ? characterOf(decimal ?? `0x${hex}`) : (predefined.get(name) ?? ""),
  );
}

function characterOf(number: string): string {
  const code = Number(number);
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  if (code > 0x10ffff || isSurrogate) throw new NotXml();
  const character = String.fromCodePoint(code);
  if (code <= 0xffff && illegalCharacter.test(character)) throw new NotXml();
  return character;
}
