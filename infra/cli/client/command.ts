import { type JsonObject, textAt } from "../../../shared/core/json";
import type { Arguments, Takes } from "./arguments";
import type { Gateway } from "./gateway";
import { toJson } from "./print";

/** What a command works with. */
export interface CommandContext extends Arguments {
  readonly gateway: Gateway;
  readonly print: (text: string) => void;
  /** Says what went wrong of something that goes on. */
  readonly warn: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends what goes on until it is told to stop. */
  readonly signal: AbortSignal;
}

/** A command: what it is called with, what it does, and the doing. */
export interface Command extends Takes {
  readonly name: string;
  /** How its word begins, where that tells it from others of its name. */
  readonly wordPrefix?: string;
  readonly summary: string;
  readonly run: (context: CommandContext) => Promise<void>;
}

/** Prints what the API answered: as it is with `--json`, else for people. */
export function show({ flags, print }: CommandContext, json: JsonObject, human: () => string): void {
  print(flags.json ? toJson(json, 2) : human());
}

/** A field as text; empty where it is none. */
export function text(value: JsonObject, name: string): string {
  return textAt(value, name) ?? "";
}
