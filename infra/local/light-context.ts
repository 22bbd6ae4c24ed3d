import { randomUUID } from "node:crypto";
import {
  type EffectiveFunctionOptions,
  InvocationContext,
  type InvocationContextExtraInputs,
  type InvocationContextExtraOutputs,
  type LogHandler,
  type LogLevel,
  type RetryContext,
  type TraceContext,
  type TriggerMetadata,
} from "@azure/functions";

/** What a context is made of. */
export interface LightContextInit {
  readonly functionName: string;
  readonly options: EffectiveFunctionOptions;
  readonly triggerMetadata: TriggerMetadata | undefined;
  /** Gets what the function logs, and the context it logs through. */
  readonly logHandler: (context: InvocationContext, level: LogLevel, args: readonly unknown[]) => void;
}

/**
 * The context of an invocation, which most handlers never look at: the id and the extra inputs and outputs are made when
 * they are first asked for. A test holds it equal to the library's own, member by member.
 */
export class LightContext implements InvocationContext {
  functionName: string;
  options: EffectiveFunctionOptions;
  declare retryContext?: RetryContext;
  declare traceContext?: TraceContext;
  declare triggerMetadata?: TriggerMetadata;
  readonly #logHandler: LightContextInit["logHandler"];
  #invocationId: string | undefined;
  #extras: Pick<InvocationContext, "extraInputs" | "extraOutputs"> | undefined;

  constructor({ functionName, options, triggerMetadata, logHandler }: LightContextInit) {
    this.functionName = functionName;
    this.options = options;
    if (triggerMetadata !== undefined) this.triggerMetadata = triggerMetadata;
    this.#logHandler = logHandler;
  }

  get invocationId(): string {
    this.#invocationId ??= randomUUID();
    return this.#invocationId;
  }

  set invocationId(value: string) {
    this.#invocationId = value;
  }

  get extraInputs(): InvocationContextExtraInputs {
    this.#extras ??= new InvocationContext();
    return this.#extras.extraInputs;
  }

  get extraOutputs(): InvocationContextExtraOutputs {
    this.#extras ??= new InvocationContext();
    return this.#extras.extraOutputs;
  }

  log(...args: unknown[]): void {
    this.#write("information", args);
  }

  trace(...args: unknown[]): void {
    this.#write("trace", args);
  }

  debug(...args: unknown[]): void {
    this.#write("debug", args);
  }

  info(...args: unknown[]): void {
    this.#write("information", args);
  }

  warn(...args: unknown[]): void {
    this.#write("warning", args);
  }

  error(...args: unknown[]): void {
    this.#write("error", args);
  }

  #write(level: Parameters<LogHandler>[0], args: readonly unknown[]): void {
    this.#logHandler(this, level, args);
  }
}
