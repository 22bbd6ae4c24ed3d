/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/tests/long/"],
  moduleNameMapper: { "^@azure/functions-core$": "<rootDir>/tests/support/functions-core.ts" },
  transform: {
    "^.+\\.(ts|js)$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "commonjs" } },
    ],
  },
  // jose ships ES modules only and this app is CommonJS, so jest has to transform it.
  transformIgnorePatterns: ["/node_modules/(?!jose/)"],
  collectCoverageFrom: ["functions/**/*.ts", "shared/**/*.ts"],
  coverageReporters: ["text-summary", "json-summary", "lcovonly"],
};
