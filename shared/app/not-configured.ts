import type { Problem } from "../core/errors";
import type { Access } from "./access";

/** The app cannot be built because settings are missing or wrong. */
export class NotConfigured extends Error {
  /** For an operator: names of settings and what is wrong with them, no values. */
  readonly problems: readonly Problem[];
  /** How an operator is known, as far as that is configured. */
  readonly access: Access;

  constructor(problems: readonly string[], access: Access) {
    super(problems.join("; "));
    this.name = "NotConfigured";
    this.problems = problems.map(toProblem);
    this.access = access;
  }
}

/** `KEY_VAULT_URI is missing` is about the setting with which it begins. */
function toProblem(sentence: string): Problem {
  const [setting = "", ...rest] = sentence.split(" ");
  return { path: `/${setting}`, message: rest.join(" ") };
}
