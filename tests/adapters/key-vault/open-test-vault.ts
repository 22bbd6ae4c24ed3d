import { DefaultAzureCredential } from "@azure/identity";
import { type KeyVaultOptions, openKeyVaultSecrets } from "../../../shared/adapters/key-vault/secret-store";
import type { SecretStore } from "../../../shared/core/ports";
import type { Subject } from "../../contracts/subject";
import { KeyVaultServer } from "../../support/key-vault-server";
import { noon } from "../../support/make";

/** The adapter on a stand-in of its own, both on one clock that moves when it is told to. */
export interface TestVault extends Subject<SecretStore> {
  readonly vault: KeyVaultServer;
}

/** The token that the adapter brings to the stand-in. */
export const testToken = "a-token-that-nobody-may-see";

const credential = {
  getToken: async () => ({ token: testToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** Opens it at noon. */
export async function openTestVault(options: Partial<Omit<KeyVaultOptions, "now">> = {}): Promise<TestVault> {
  let time = noon;
  const now = () => time;
  const vault = await KeyVaultServer.start(now);
  const defaults = { vaultUri: vault.url, credential, isEmulator: true, requestTimeoutMs: 10_000 };
  return {
    vault,
    port: openKeyVaultSecrets({ ...defaults, ...options, now }),
    now,
    passTime: async (ms) => void (time += ms),
    breakDown: () => vault.stop(),
    close: () => vault.stop(),
  };
}

/** The adapter on a vault in Azure, as whoever `DefaultAzureCredential` finds; it needs the role Key Vault Secrets Officer. */
export function openRealVault(vaultUri: string): Promise<Subject<SecretStore>> {
  const open = (uri: string) =>
    openKeyVaultSecrets({
      vaultUri: uri,
      credential: new DefaultAzureCredential(),
      now: Date.now,
      requestTimeoutMs: 15_000,
    });
  let secrets = open(vaultUri);
  return Promise.resolve({
    port: {
      get: (name, version) => secrets.get(name, version),
      set: (name, value) => secrets.set(name, value),
      versions: (name) => secrets.versions(name),
      delete: (name) => secrets.delete(name),
    },
    now: Date.now,
    passTime: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    breakDown: async () => void (secrets = open("https://127.0.0.1:9")),
    close: async () => undefined,
  });
}
