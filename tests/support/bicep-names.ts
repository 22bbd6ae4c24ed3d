import { type BicepFile, type BicepNode, nodesOf } from "./bicep";

/** A use of a name, at `path:line:column`. */
interface Use {
  readonly name: string;
  readonly place: string;
  readonly isCall: boolean;
}

/** The functions and decorators of Bicep that the templates use: what is missing here is either new or misspelt. */
const functions = new Set(
  (
    "allowed concat description empty environment guid items last loadTextContent map maxLength maxValue metadata " +
    "minLength minValue replace resourceGroup secure split string subscription subscriptionResourceId toLower union " +
    "uniqueString"
  ).split(" "),
);

/** Names that are used and not declared, and functions that Bicep does not have; `path:line:column: name`. */
export function undeclaredNames(file: BicepFile): readonly string[] {
  const declared = new Set(file.declarations.filter(({ kind }) => kind !== "output").map(({ name }) => name));
  return usesIn(file)
    .filter(({ name, isCall }) => !(isCall ? functions : declared).has(name))
    .map(({ name, place }) => `${place}: ${name}`);
}

/** Parameters and variables that nothing uses. */
export function unusedNames(file: BicepFile): readonly string[] {
  const used = new Set(usesIn(file).map(({ name }) => name));
  return file.declarations
    .filter(({ kind, name }) => (kind === "parameter" || kind === "variable") && !used.has(name))
    .map(({ name }) => `${file.path}: ${name}`);
}

/** Every `module.outputs.name` of a file. */
export function moduleOutputsUsed(file: BicepFile): readonly { readonly module: string; readonly output: string }[] {
  return [...nodesOf(file.tree)].flatMap(({ type, text }) => {
    const [, module = "", output = ""] = /^(\w+)\.outputs\.(\w+)$/.exec(text) ?? [];
    return type === "member_expression" && module !== "" ? [{ module, output }] : [];
  });
}

function usesIn(file: BicepFile): readonly Use[] {
  return file.tree.children.flatMap((node) => {
    const parts = node.type.endsWith("_declaration") ? node.children.slice(1) : node.children;
    return parts.flatMap((part) => [...usesOf(part, new Set(), file.path)]);
  });
}

/** `bound` holds the variables of the loops and lambdas around the node, which are names of their own. */
function* usesOf(node: BicepNode, bound: ReadonlySet<string>, path: string): Generator<Use> {
  const [first, ...rest] = node.children;
  const use = (name: string, isCall: boolean): Use => ({ name, place: `${path}:${node.line}:${node.column}`, isCall });
  let [inner, names] = [node.children, bound];
  if (node.type === "identifier" && !bound.has(node.text)) yield use(node.text, false);
  if (node.type === "type") inner = [];
  // A key is no use of a name, but it may hold one: '${id}'.
  if (node.type === "object_property" && first?.type !== "string") inner = rest;
  if (node.type === "call_expression" && first?.type === "identifier") {
    yield use(first.text, true);
    inner = rest;
  }
  if (node.type === "for_statement" || node.type === "lambda_expression") {
    names = new Set([...bound, first?.text ?? ""]);
    inner = rest;
  }
  for (const child of inner) yield* usesOf(child, names, path);
}
