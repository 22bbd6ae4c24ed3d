/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  // A test that hangs is to end, and none is to fail because the machine is busy.
  testTimeout: 30_000,
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/tests/long/"],
  moduleNameMapper: {
    "^@azure/functions-core$": "<rootDir>/tests/support/functions-core.ts",
    // Node wants the extension in a dynamic import; here the file is still TypeScript.
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  transform: {
    "^.+\\.(ts|js)$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "commonjs" } },
    ],
  },
  // jose ships ES modules only and this app is CommonJS, so jest has to transform it; and it cannot do the dynamic imports
  // by which OpenTelemetry's exporters load node:http.
  transformIgnorePatterns: ["/node_modules/(?!jose/|(?:.*/)?@opentelemetry/otlp-exporter-base/)"],
  collectCoverageFrom: ["functions/**/*.ts", "shared/**/*.ts"],
  coverageThreshold: {
    global: { lines: 96, branches: 82 },
    // Most of it runs only where there is a redis-server.
    "./shared/adapters/redis/": { lines: 75, branches: 40 },
    "./shared/core/": { lines: 99, branches: 95 },
    "./shared/providers/": { lines: 99, branches: 95 },
    "./shared/sync/": { lines: 99, branches: 92 },
    "./shared/usecases/": { lines: 99, branches: 88 },
  },
  coverageReporters: ["text-summary", "json-summary", "lcovonly"],
};
