import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";

/** The rooms of the house and who may look into which (DESIGN 3). The longest matching prefix names a file's room. */
const root = join(__dirname, "..");
const mayImport: Readonly<Record<string, readonly string[]>> = {
  functions: ["shared/http", "shared/app", "shared/usecases", "shared/core"],
  "shared/http": ["shared/app", "shared/usecases", "shared/core"],
  "shared/app": [
    "package",
    "shared/config",
    "shared/providers",
    "shared/adapters",
    "shared/usecases",
    "shared/sync",
    "shared/repositories",
    "shared/core",
  ],
  "shared/config": ["shared/core"],
  "shared/usecases": ["shared/sync", "shared/repositories", "shared/core"],
  "shared/sync": ["shared/repositories", "shared/core"],
  "shared/repositories": ["shared/core"],
  "shared/providers": ["shared/core"],
  "shared/adapters": ["shared/core"],
  "shared/core": [],
  "infra/local": ["shared/app", "shared/config", "shared/core", "shared/adapters/sqlite"],
  "infra/cli": ["shared/core"],
};

/** Who may import a package: a room or a file by its prefix. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  "@azure/functions": ["functions/", "shared/http/", "infra/local/"],
  "@azure/cosmos": ["shared/adapters/cosmos/"],
  "@azure/service-bus": ["shared/adapters/service-bus/"],
  "@azure/keyvault-secrets": ["shared/adapters/key-vault/"],
  "@azure/storage-blob": ["shared/adapters/blob/"],
  "@azure/identity": ["shared/app"],
  "google-auth-library": ["shared/providers/google"],
  nodemailer: ["shared/adapters/alerts/email"],
  "@redis/client": ["shared/adapters/redis/"],
  jose: ["shared/adapters/oidc/"],
  "@opentelemetry/api": ["shared/adapters/opentelemetry/"],
  "@opentelemetry/core": ["shared/adapters/opentelemetry/"],
  "@opentelemetry/resources": ["shared/adapters/opentelemetry/"],
  "@opentelemetry/sdk-trace": ["shared/adapters/opentelemetry/"],
  "@opentelemetry/exporter-trace-otlp-http": ["shared/adapters/opentelemetry/"],
  "@opentelemetry/exporter-trace-otlp-proto": ["shared/adapters/opentelemetry/"],
  // Calls that go out pass one client, which guards them (DESIGN 11, Outbound calls).
  "node:http": ["shared/adapters/outbound/", "infra/local/"],
  "node:https": ["shared/adapters/outbound/"],
  "node:sqlite": ["shared/adapters/sqlite/"],
  ajv: ["shared/http/validate", "shared/config"],
  "ajv-formats": ["shared/http/validate"],
  croner: ["infra/local/"],
  esbuild: ["infra/cli/package"],
  fflate: ["infra/cli/package"],
  "@octokit/webhooks-examples": ["infra/local/samples/github"],
};

const files = globSync(["functions/**/*.ts", "shared/**/*.ts", "infra/**/*.{ts,mts}"], { cwd: root })
  .map((file) => file.split(sep).join("/"))
  .sort();

function roomOf(path: string): string {
  const rooms = Object.keys(mayImport).filter(
    (room) => path === room || path === `${room}.ts` || path.startsWith(`${room}/`),
  );
  return rooms.sort((a, b) => b.length - a.length)[0] ?? path;
}

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), "utf8");
  return [...source.matchAll(/(?<![.\w"])(?:from|import|require\()\s*"([^"]+)"/g)].flatMap((match) => match[1] ?? []);
}

function isAllowed(file: string, specifier: string): boolean {
  if (!specifier.startsWith(".")) return isAllowedPackage(file, specifier);
  const target = posix.normalize(posix.join(dirname(file), specifier)).replace(/\.json$/, "");
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return from !== "shared/adapters" || dirname(target) === dirname(file);
  return (mayImport[from] ?? []).some((room) => target === room || target.startsWith(`${room}/`));
}

function isAllowedPackage(file: string, specifier: string): boolean {
  const owners = packageOwners[specifier];
  return owners === undefined ? specifier.startsWith("node:") : owners.some((owner) => file.startsWith(owner));
}

describe("the rooms of the house", () => {
  it("has files in every room", () => {
    const seen = new Set(files.map(roomOf));
    expect(Object.keys(mayImport).filter((room) => !seen.has(room))).toEqual([]);
  });

  it.each(files)("%s imports only what its room may", (file) => {
    expect(importsOf(file).filter((specifier) => !isAllowed(file, specifier))).toEqual([]);
  });

  it.each(files.filter((file) => !file.startsWith("infra/") && file !== "shared/config.ts"))(
    "%s does not read the environment",
    (file) => {
      expect(readFileSync(join(root, file), "utf8")).not.toMatch(/process\.env/);
    },
  );

  it.each(files.filter((file) => /^shared\/(core|usecases|providers|sync|repositories)\//.test(file)))(
    "%s takes its time from the clock it is given",
    (file) => {
      expect(readFileSync(join(root, file), "utf8")).not.toMatch(/Date\.now\(\)|new Date\(\)/);
    },
  );

  it("finds a violation where there is one", () => {
    expect(isAllowed("shared/core/errors.ts", "../usecases/services")).toBe(false);
    expect(isAllowed("shared/usecases/services.ts", "@azure/functions")).toBe(false);
    expect(isAllowed("shared/adapters/sqlite/documents.ts", "../cosmos/documents")).toBe(false);
  });
});
