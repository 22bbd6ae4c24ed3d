import { WebhookError } from "../../core/errors";
import type { Clock, SecretStore } from "../../core/ports";
import { readSigningKeys } from "../../core/signing-keys";

/** The name under which the secret store holds it. */
export const SIGNING_SECRET = "sync-task-service-secret";
/** How long a change in the secret store may go unnoticed. */
const FRESH_MS = 60_000;

/** Where the secret is. */
export interface SigningSecretOptions {
  /** The setting's value; without one, the secret store has it. */
  readonly setting: string | undefined;
  readonly secrets: Pick<SecretStore, "get">;
  readonly now: Clock;
}

/** The keys that sign what is forwarded; read from the secret store once a minute, by one caller for all. */
export class SigningSecret {
  readonly #options: SigningSecretOptions;
  #known: { readonly keys: Promise<readonly Buffer[]>; readonly until: number } | undefined;

  constructor(options: SigningSecretOptions) {
    this.#options = options;
  }

  /** @throws {WebhookError} `secrets_unavailable`; `engine_unavailable` where there is no secret, or what is there is none */
  keys(): Promise<readonly Buffer[]> {
    const now = this.#options.now();
    if (this.#known && now < this.#known.until) return this.#known.keys;
    const keys = this.#read();
    this.#known = { keys, until: now + FRESH_MS };
    keys.catch(() => this.forget());
    return keys;
  }

  /** The engine does not take what the keys sign: there may be new ones. */
  forget(): void {
    this.#known = undefined;
  }

  async #read(): Promise<readonly Buffer[]> {
    const { setting, secrets } = this.#options;
    const text = setting ?? (await secrets.get(SIGNING_SECRET));
    if (text === undefined) throw new WebhookError("engine_unavailable", { detail: "secret_missing" });
    const keys = readSigningKeys(text);
    if (keys === undefined) throw new WebhookError("engine_unavailable", { detail: "secret_malformed" });
    return keys;
  }
}
