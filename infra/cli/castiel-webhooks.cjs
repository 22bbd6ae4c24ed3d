#!/usr/bin/env node
"use strict";
// `npx castiel-webhooks`: builds the command line where that has not been done yet, and runs it. npx puts the project's own
// Node first in the PATH.
require("./check-node.cjs");
const { spawnSync } = require("node:child_process");
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..", "..");
const main = join(root, "dist", "infra", "cli", "client", "main.js");
if (!existsSync(main)) {
  const build = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: ["ignore", 2, 2], shell: true });
  if (build.status !== 0) process.exit(build.status ?? 1);
}
// In this process, so that whoever ends it ends the command.
require(main);
