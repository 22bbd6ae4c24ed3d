/**
 * `npm run package`: what is deployed. One file holds the functions and all that they need, because a large `node_modules`
 * is what makes a function app start slowly (azure-functions-host, issue 298). Makes the folder
 * `dist-package/` and `castiel-webhooks.zip` with the same content.
 */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build } from "esbuild";
import { zipSync } from "fflate";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "dist-package");
const archive = join(root, "castiel-webhooks.zip");

/** The functions register themselves when they are loaded, in the order in which the host would load the files. */
const entry = globSync("functions/*.ts", { cwd: root })
  .map((file) => file.split(sep).join("/"))
  .sort()
  .map((file) => `import ${JSON.stringify(`./${file}`)};`)
  .join("\n");

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "dist"), { recursive: true });
await build({
  stdin: { contents: entry, resolveDir: root, sourcefile: "main.ts", loader: "ts" },
  outfile: join(folder, "dist", "main.js"),
  bundle: true,
  platform: "node",
  target: "node24",
  format: "cjs",
  minify: true,
  // Names of functions and classes stand in logs and error messages.
  keepNames: true,
  legalComments: "external",
  // The host supplies it; it is not on npm.
  external: ["@azure/functions-core"],
  logLevel: "warning",
});
// What the bundle reads stands beside it: its folder is the one that the compiled files read from.
cpSync(join(root, "shared", "http", "dashboard"), join(folder, "dist", "dashboard"), { recursive: true });

const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  string,
  string
>;
const manifest = { name, version, private: true, license, type: "commonjs", main: "dist/main.js" };
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(folder, "host.json"), readFileSync(join(root, "host.json")));

const files = globSync("**/*", { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile());
const entries = files.map((file) => [file.split(sep).join("/"), readFileSync(join(folder, file))] as const);
writeFileSync(archive, zipSync(Object.fromEntries(entries)));
const megabytes = (statSync(archive).size / 1024 / 1024).toFixed(1);
console.log(`${relative(root, folder)}/ and ${relative(root, archive)} (${megabytes} MB)`);
