const XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace";

/** Thrown within the reader at the first thing that no well-formed document holds. */
export class NotXml extends Error {}

/** An attribute as it was written. */
export interface RawAttribute {
  readonly prefix: string | undefined;
  readonly name: string;
  readonly value: string;
}

/** Prefixes that an element declares, and those that are declared around it. */
export interface Prefixes {
  readonly declared: ReadonlyMap<string, string>;
  readonly around: Prefixes | undefined;
}

/** The prefixes that attributes declare: `xmlns="…"` the empty one, `xmlns:p="…"` the prefix `p`. */
export function declaredIn(attributes: readonly RawAttribute[]): ReadonlyMap<string, string> {
  const declared = new Map<string, string>();
  for (const attribute of attributes) {
    const prefix = declaredPrefix(attribute);
    if (prefix === undefined) continue;
    const isReserved = prefix === "xmlns" || prefix === "xml" || attribute.value === XML_NAMESPACE;
    const isEmpty = prefix !== "" && attribute.value === "";
    if (isReserved || isEmpty || declared.has(prefix)) throw new NotXml();
    declared.set(prefix, attribute.value);
  }
  return declared;
}

function declaredPrefix({ prefix, name }: RawAttribute): string | undefined {
  if (prefix === "xmlns") return name;
  return prefix === undefined && name === "xmlns" ? "" : undefined;
}

/** The attributes that are no declarations, by local name or by `namespace local-name`. */
export function resolveAttributes(
  attributes: readonly RawAttribute[],
  prefixes: Prefixes,
): ReadonlyMap<string, string> {
  const resolved = new Map<string, string>();
  for (const attribute of attributes) {
    if (declaredPrefix(attribute) !== undefined) continue;
    const { prefix, name, value } = attribute;
    // An attribute without a prefix belongs to its element, and to no namespace of its own.
    const key = prefix === undefined ? name : `${namespaceOf(prefix, prefixes)} ${name}`;
    if (resolved.has(key)) throw new NotXml();
    resolved.set(key, value);
  }
  return resolved;
}

/** The namespace that a prefix stands for; without a prefix, the default one, which is empty unless it is declared. */
export function namespaceOf(prefix: string | undefined, prefixes: Prefixes): string {
  if (prefix === "xml") return XML_NAMESPACE;
  for (let scope: Prefixes | undefined = prefixes; scope !== undefined; scope = scope.around) {
    const namespace = scope.declared.get(prefix ?? "");
    if (namespace !== undefined) return namespace;
  }
  if (prefix === undefined) return "";
  throw new NotXml();
}
