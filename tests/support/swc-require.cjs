// Required first, it lets a child process of a test load the TypeScript of this CommonJS project as it stands.
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");

require.extensions[".ts"] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, "utf8"), {
    filename,
    jsc: { parser: { syntax: "typescript" }, target: "es2024" },
    module: { type: "commonjs" },
  });
  module._compile(code, filename);
};
