import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join, sep } from "node:path";

/** A node of a syntax tree; lines and columns count from 1. */
export interface BicepNode {
  readonly type: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** The parser found something wrong, or missed something, here. */
  readonly broken: boolean;
  readonly keywords: readonly string[];
  readonly children: readonly BicepNode[];
}

/** What is not a literal, as it is written. */
export class BicepExpression {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A literal, or an expression that was not evaluated. */
export type BicepValue =
  string | number | boolean | null | BicepExpression | readonly BicepValue[] | { readonly [key: string]: BicepValue };

/** An object literal. */
export type BicepObject = Readonly<Record<string, BicepValue>>;

/** A parameter, variable, resource, module or output; `body` is what stands right of the equals sign. */
export interface BicepDeclaration {
  readonly kind: "parameter" | "variable" | "resource" | "module" | "output";
  readonly name: string;
  /** The quoted text of a resource (`type@version`) or module (its path), the type of a parameter or output. */
  readonly subject: string;
  readonly body: BicepValue | undefined;
  readonly decorators: readonly string[];
  readonly isExisting: boolean;
  readonly node: BicepNode;
}

/** A Bicep file, read. */
export interface BicepFile {
  /** Relative to the project, with slashes. */
  readonly path: string;
  readonly tree: BicepNode;
  readonly declarations: readonly BicepDeclaration[];
}

const root = join(__dirname, "../..");
const kinds: Readonly<Record<string, BicepDeclaration["kind"]>> = {
  parameter_declaration: "parameter",
  variable_declaration: "variable",
  resource_declaration: "resource",
  module_declaration: "module",
  output_declaration: "output",
};

/** Every Bicep file of the project. */
export function readBicepFiles(): readonly BicepFile[] {
  const paths = globSync("infra/**/*.bicep", { cwd: root }).map((path) => path.split(sep).join("/"));
  return parse(paths.sort().map((path) => join(root, path))).map((tree, index) => toFile(paths[index] ?? "", tree));
}

/** One file that is not part of the project, to try a rule on. */
export function readBicepFile(absolutePath: string): BicepFile {
  const [tree] = parse([absolutePath]);
  if (!tree) throw new Error(`nothing was parsed of ${absolutePath}`);
  return toFile(absolutePath, tree);
}

/** Every node, parents first. */
export function* nodesOf(node: BicepNode): Generator<BicepNode> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

/** @throws {TypeError} it is no object literal */
export function asObject(value: BicepValue | undefined): BicepObject {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || value instanceof BicepExpression) throw new TypeError(`no object literal: ${JSON.stringify(value)}`);
  return value as BicepObject; // a list, null and an expression are ruled out above
}

/** The value at a path of property names within object literals; `undefined` where there is none. */
export function valueAt(value: BicepValue | undefined, path: string): BicepValue | undefined {
  let found = value;
  for (const key of path.split(".")) {
    if (found === undefined) return undefined;
    found = asObject(found)[key];
  }
  return found;
}

function parse(paths: readonly string[]): readonly BicepNode[] {
  const output = execFileSync(process.execPath, [join(__dirname, "parse-bicep.cjs"), ...paths], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output) as readonly BicepNode[]; // printed by parse-bicep.cjs in this shape
}

function toFile(path: string, tree: BicepNode): BicepFile {
  const declarations: BicepDeclaration[] = [];
  let decorators: readonly string[] = [];
  for (const node of tree.children) {
    const kind = kinds[node.type];
    if (node.type === "decorators") decorators = node.children.map(({ text }) => text);
    else if (kind !== undefined) {
      declarations.push(toDeclaration(kind, node, decorators));
      decorators = [];
    }
  }
  return { path, tree, declarations };
}

function toDeclaration(
  kind: BicepDeclaration["kind"],
  node: BicepNode,
  decorators: readonly string[],
): BicepDeclaration {
  const [name, ...rest] = node.children;
  const [subject, body] = kind === "variable" ? [undefined, rest[0]] : rest;
  return {
    kind,
    name: name?.text ?? "",
    subject: subject === undefined ? "" : subject.type === "string" ? textOf(subject) : subject.text,
    body: body === undefined ? undefined : toValue(bodyOf(body)),
    decorators,
    isExisting: node.keywords.includes("existing"),
    node,
  };
}

/** What a condition or a loop wraps. */
function bodyOf(node: BicepNode): BicepNode {
  const wraps = node.type === "if_statement" || node.type === "for_statement";
  const last = node.children.at(-1);
  return wraps && last ? bodyOf(last) : node;
}

function toValue(node: BicepNode): BicepValue {
  switch (node.type) {
    case "string":
      return node.children.some(({ type }) => type === "interpolation") ? new BicepExpression(node.text) : textOf(node);
    case "number":
      return Number(node.text);
    case "boolean":
      return node.text === "true";
    case "null":
      return null;
    case "array":
      return node.children.filter(isNoComment).map(toValue);
    case "object":
      return Object.fromEntries(node.children.filter(isNoComment).map(toProperty));
    default:
      return new BicepExpression(node.text);
  }
}

function toProperty(node: BicepNode): [string, BicepValue] {
  const [key, value] = node.children.filter(isNoComment);
  if (!key || !value) throw new Error(`line ${node.line}: not a property: ${node.text}`);
  return [key.type === "string" ? textOf(key) : key.text, toValue(value)];
}

function isNoComment({ type }: BicepNode): boolean {
  return type !== "comment";
}

function textOf(node: BicepNode): string {
  const quotes = node.text.startsWith("'''") ? 3 : 1;
  return node.text.slice(quotes, -quotes).replace(/\\(.)/g, "$1");
}
