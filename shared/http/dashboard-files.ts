import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

/** A file of the dashboard, as it is sent. */
export interface DashboardFile {
  readonly contentType: string;
  /** Strong: a digest of the content, in quotes. */
  readonly etag: string;
  readonly content: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The files stand beside this one in the sources and in `dist`, and beside the bundle in the package. */
const folder = join(__dirname, "dashboard");
let files: ReadonlyMap<string, DashboardFile> | undefined;

/** Every file of the dashboard by its name. Read once: the list is fixed from then on, and no name of a request is a path. */
export function dashboardFiles(): ReadonlyMap<string, DashboardFile> {
  files ??= new Map(
    readdirSync(folder)
      .filter((name) => extname(name) in contentTypes)
      .map((name) => [name, readFile(name)]),
  );
  return files;
}

function readFile(name: string): DashboardFile {
  const content = readFileSync(join(folder, name), "utf8");
  const etag = `"${createHash("sha256").update(content).digest("base64url").slice(0, 22)}"`;
  return { content, etag, contentType: contentTypes[extname(name)] ?? "text/plain" };
}
