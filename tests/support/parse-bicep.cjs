// Prints the syntax trees of the Bicep files named on the command line as JSON. A process of its own, because the parser is a
// native addon that works only for the first of the module registries that jest makes.
const { readFileSync } = require("node:fs");
const Parser = require("tree-sitter");
const bicep = require("tree-sitter-bicep");

function toJson(node) {
  return {
    type: node.type,
    text: node.text,
    line: node.startPosition.row + 1,
    column: node.startPosition.column + 1,
    broken: node.isError || node.isMissing,
    keywords: node.children.filter((child) => !child.isNamed).map((child) => child.type),
    children: node.children.filter((child) => child.isNamed || child.isMissing).map(toJson),
  };
}

const parser = new Parser();
parser.setLanguage(bicep);
const trees = process.argv.slice(2).map((file) => toJson(parser.parse(readFileSync(file, "utf8")).rootNode));
process.stdout.write(JSON.stringify(trees));
