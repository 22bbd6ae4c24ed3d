import tseslint from "typescript-eslint";

const unsafeRules = {
  "@typescript-eslint/no-explicit-any": "error",
  "@typescript-eslint/no-non-null-assertion": "error",
  "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
  // The local host's light requests and headers fulfil the library's classes by shape: that is what they are for.
  "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
};

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "dist-package/",
      "coverage/",
      "node_modules/",
      ".data/",
      "**/*.cjs",
      "*.js",
      "*.mjs",
      "tests/bench/",
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...unsafeRules,
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
    },
  },
  {
    // The dashboard runs in browsers, and is checked against their library.
    files: ["shared/http/dashboard/*.js", "tests/support/audit-page.js"],
    languageOptions: { parserOptions: { project: "./tsconfig.dashboard.json" } },
  },
  {
    // Test bodies read JSON replies and hold matchers; the checks on unknown values stay on for the product.
    files: ["tests/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
);
