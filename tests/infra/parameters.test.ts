import type { BicepDeclaration } from "../support/bicep";
import { files, readJson, readText } from "../support/template";

/** The parameters of main.bicep, as azd hands them over and as docs/deployment.md explains them. */
const declarations = files.find(({ path }) => path === "infra/main.bicep")?.declarations ?? [];
const parameters = declarations.filter(({ kind }) => kind === "parameter");
const outputs = declarations.filter(({ kind }) => kind === "output").map(({ name }) => name);

const given = readJson("infra/main.parameters.json") as {
  readonly parameters: Readonly<Record<string, { readonly value: string }>>;
};

/** The variable of the azd environment that a parameter is read from. */
function variableOf(parameter: string): string | undefined {
  return /^\$\{([A-Z_]+)\}$/.exec(given.parameters[parameter]?.value ?? "")?.[1];
}

function toRow({ name, body, decorators }: BicepDeclaration): readonly string[] {
  const [, description = ""] = /^@description\('(.*)'\)$/.exec(decorators[0] ?? "") ?? [];
  const value = typeof body === "object" ? JSON.stringify(body) : String(body ?? "");
  return [
    `\`${name}\``,
    `\`${variableOf(name) ?? ""}\``,
    value === "" ? "" : `\`${value}\``,
    description.replaceAll("\\'", "'"),
  ];
}

describe("main.parameters.json", () => {
  it("maps every parameter to a variable of its own", () => {
    expect(Object.keys(given.parameters)).toEqual(parameters.map(({ name }) => name));
    const variables = parameters.map(({ name }) => variableOf(name));
    expect(variables).not.toContain(undefined);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it("takes no variable that a deployment writes as an output", () => {
    // azd asks for the region and keeps it under this name; the output repeats it.
    const taken = parameters.filter(({ name }) => outputs.includes(variableOf(name) ?? ""));
    expect(taken.map(({ name }) => name)).toEqual(["location"]);
  });

  it("leaves only the environment and the region to be asked for", () => {
    const needed = parameters.filter(({ body }) => body === undefined);
    expect(needed.map(({ name }) => name)).toEqual(["environmentName", "location"]);
  });
});

describe("docs/deployment.md", () => {
  it("explains every parameter, with its variable and its default", () => {
    const [, table = ""] =
      /<!-- table: parameters -->([\s\S]*?)<!-- \/table -->/.exec(readText("docs/deployment.md")) ?? [];
    const rows = table.trim().split("\n").slice(2);
    const cells = rows.map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(parameters.map(toRow));
  });
});
