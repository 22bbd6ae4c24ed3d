import { execFile } from "node:child_process";
import { inspect, promisify } from "node:util";
import { WebhookError } from "../../../shared/core/errors";
import { describeSecretStore } from "../../contracts/secret-store";
import { expectAllToReject } from "../../contracts/subject";
import { openRealVault, openTestVault, testToken, type TestVault } from "./open-test-vault";

const realVault = process.env["KEYVAULT_URI"];
const name = "webhook-1";
const unavailable = { name: "WebhookError", code: "secrets_unavailable" };

describe("secrets in Key Vault", () => {
  if (realVault !== undefined) jest.setTimeout(60_000);
  describeSecretStore(() => (realVault === undefined ? openTestVault() : openRealVault(realVault)));
});

describe("a Key Vault", () => {
  let opened: TestVault[] = [];
  afterEach(async () => {
    await Promise.all(opened.map((subject) => subject.close()));
    opened = [];
  });
  const open = async (...options: Parameters<typeof openTestVault>): Promise<TestVault> => {
    const subject = await openTestVault(...options);
    opened.push(subject);
    return subject;
  };

  describe("and who may ask", () => {
    it("names in its challenge where to get a token, which then serves all requests", async () => {
      const asked: unknown[] = [];
      const getToken = async (scopes: string | string[], { tenantId }: { tenantId?: string } = {}) => {
        asked.push({ scopes, tenantId });
        return { token: "granted", expiresOnTimestamp: Date.now() + 3_600_000 };
      };
      const { port, vault } = await open({ credential: { getToken } });
      const version = await port.set(name, "value");
      expect(await port.get(name, version)).toBe("value");
      const scopes = ["https://vault.azure.net/.default"];
      expect(asked).toEqual([{ scopes, tenantId: "00000000-0000-0000-0000-000000000001" }]);
      expect([...vault.tokens]).toEqual(["granted"]);
    });

    it("gets no token if its challenge is for another domain than its own, unless it is an emulator", async () => {
      const { port, vault } = await open({ isEmulator: false });
      await expect(port.get(name)).rejects.toMatchObject(unavailable);
      expect(vault.tokens.size).toBe(0);
    });

    it("is unavailable while there is no token to be had", async () => {
      const getToken = () => Promise.reject(Object.assign(new Error("no identity"), { name: "AuthenticationError" }));
      const { port } = await open({ credential: { getToken } });
      await expect(port.get(name)).rejects.toMatchObject({ ...unavailable, detail: "AuthenticationError" });
    });

    it("is unavailable, and not without secrets, to a caller who lacks the role", async () => {
      const { port, vault } = await open();
      await port.set(name, "value");
      vault.refuse(3, { status: 403, code: "Forbidden", innerCode: "ForbiddenByRbac" });
      const attempts = [port.get(name), port.versions(name), port.delete(name)];
      await expectAllToReject(attempts, "secrets_unavailable");
      vault.refuse(1, { status: 403, code: "Forbidden", innerCode: "ForbiddenByRbac" });
      await expect(port.get(name)).rejects.toMatchObject({ detail: "403 Forbidden ForbiddenByRbac" });
    });

    it("has a stand-in that another process trusts by its certificate", async () => {
      const { vault } = await open();
      const ask = `fetch(${JSON.stringify(vault.url)}).then(({ status }) => console.log(status))`;
      const env = { NODE_EXTRA_CA_CERTS: vault.certificateFile() };
      const { stdout } = await promisify(execFile)(process.execPath, ["-e", ask], { env });
      expect(stdout).toBe("401\n");
    });
  });

  describe("and its versions", () => {
    it("come newest first even if they were set within one second, over several pages", async () => {
      const { port, vault } = await open();
      vault.secrets.pageSize = 3;
      const set: string[] = [];
      for (const value of ["1", "2", "3", "4", "5", "6", "7", "8"]) set.push(await port.set(name, value));
      expect(await port.versions(name)).toEqual(set.reverse());
      expect(vault.count("GET", `/secrets/${name}/versions`)).toBe(3);
    });

    it("count as newer than one that was set by hand within the same second", async () => {
      const { port, vault } = await open();
      ask(vault, "PUT", `/secrets/${name}`, { value: "by hand" });
      const version = await port.set(name, "ours");
      expect((await port.versions(name))[0]).toBe(version);
    });

    it("are absent, and not asked for, if no vault can have given them out", async () => {
      const { port, vault } = await open();
      await port.set(name, "value");
      for (const version of ["", "versions", "../webhook-2", "0123456789ABCDEF0123456789ABCDEF"]) {
        expect(await port.get(name, version)).toBeUndefined();
      }
      expect(vault.count("GET", "/secrets")).toBe(0);
    });

    it("are absent while they are disabled", async () => {
      const { port, vault } = await open();
      const [first, second] = [await port.set(name, "first"), await port.set(name, "second")];
      const path = `/secrets/${name}/${second}`;
      ask(vault, "PATCH", path, { attributes: { enabled: false } });
      expect(await port.get(name)).toBeUndefined();
      expect(await port.get(name, second)).toBeUndefined();
      expect(await port.versions(name)).toEqual([first]);
      ask(vault, "PATCH", path, { attributes: { enabled: true } });
      expect(await port.get(name, second)).toBe("second");
    });
  });

  describe("and a name that was deleted", () => {
    it("can be set again, and what was deleted stays absent", async () => {
      const { port } = await open();
      const old = [await port.set(name, "one"), await port.set(name, "two")];
      await port.delete(name);
      const version = await port.set(name, "three");
      expect(await port.get(name)).toBe("three");
      expect(await port.versions(name)).toEqual([version]);
      expect(await Promise.all(old.map((gone) => port.get(name, gone)))).toEqual([undefined, undefined]);
      expect(await port.delete(name)).toBe(true);
      expect(await port.delete(name)).toBe(false);
    });

    it("keeps what was deleted absent even if somebody recovers it by hand", async () => {
      const { port, vault } = await open();
      const version = await port.set(name, "value");
      await port.delete(name);
      ask(vault, "POST", `/deletedsecrets/${name}/recover`);
      expect([await port.get(name), await port.get(name, version)]).toEqual([undefined, undefined]);
    });

    it("can be set again after it was deleted by hand, with its versions enabled", async () => {
      const { port, vault } = await open();
      const old = await port.set(name, "old");
      ask(vault, "DELETE", `/secrets/${name}`);
      const version = await port.set(name, "new");
      expect([await port.get(name, old), await port.get(name, version)]).toEqual([undefined, "new"]);
    });

    it("can be set again while its recovery takes a while", async () => {
      const { port, vault } = await open();
      await port.set(name, "old");
      await port.delete(name);
      vault.secrets.requestsToSettle = 2;
      await port.set(name, "new");
      expect(await port.get(name)).toBe("new");
    });

    it("is unavailable to a new version while the deletion still goes on, and absent to everybody else", async () => {
      const { port, vault } = await open();
      vault.secrets.requestsToSettle = 6;
      await port.set(name, "old");
      expect(await port.delete(name)).toBe(true);
      expect([await port.get(name), await port.versions(name)]).toEqual([undefined, []]);
      expect(await port.delete(name)).toBe(false);
      await expect(port.set(name, "new")).rejects.toMatchObject({ detail: "409 Conflict ObjectIsBeingDeleted" });
      vault.secrets.requestsToSettle = 0;
      await port.set(name, "new");
      expect(await port.get(name)).toBe("new");
    });

    it("is free again once it is purged", async () => {
      const { port, vault } = await open();
      await port.set(name, "old");
      await port.delete(name);
      ask(vault, "DELETE", `/deletedsecrets/${name}`);
      const version = await port.set(name, "new");
      expect(await port.versions(name)).toEqual([version]);
    });

    it("leaves the versions of a living secret alone if the vault reports another conflict", async () => {
      const { port, vault } = await open();
      const version = await port.set(name, "value");
      vault.refuse(1, { status: 409, code: "Conflict" });
      await expect(port.set(name, "next")).rejects.toMatchObject(unavailable);
      expect(await port.get(name, version)).toBe("value");
    });
  });

  describe("in trouble", () => {
    it("is asked again at once after a short refusal", async () => {
      const { port, vault } = await open();
      await port.set(name, "value");
      vault.throttle(2, 0);
      expect(await port.get(name)).toBe("value");
      vault.refuse(2, { status: 500, code: "InternalServerError" });
      expect(await port.get(name)).toBe("value");
      expect(vault.count("GET", `/secrets/${name}`)).toBe(6);
    });

    it("is not waited for when it asks for a longer pause, which the caller is told", async () => {
      const { port, vault } = await open();
      await port.set(name, "value");
      vault.throttle(1, 30);
      await expect(port.get(name)).rejects.toMatchObject({ ...unavailable, retryAfterSeconds: 30 });
      expect(vault.count("GET", `/secrets/${name}`)).toBe(1);
    });

    it("is given up when it goes on refusing", async () => {
      const { port, vault } = await open();
      await port.set(name, "value");
      vault.throttle(9, 0);
      const error = { ...unavailable, detail: "429 Throttled", retryAfterSeconds: 0 };
      await expect(port.get(name)).rejects.toMatchObject(error);
      expect(vault.count("GET", `/secrets/${name}`)).toBe(3);
    });

    it("is given up when it does not answer in time", async () => {
      const { port, vault } = await open({ requestTimeoutMs: 100 });
      await port.get(name);
      vault.delayMs = 60_000;
      const attempts = [port.get(name), port.set(name, "x"), port.versions(name), port.delete(name)];
      await expectAllToReject(attempts, "secrets_unavailable");
    });

    it("is used again once it is back, with the same connection settings and token", async () => {
      const { port, vault } = await open();
      const version = await port.set(name, "value");
      await vault.stop();
      await expect(port.get(name)).rejects.toMatchObject({ ...unavailable, detail: "ECONNREFUSED" });
      await vault.start();
      expect(await port.get(name, version)).toBe("value");
    });

    it("shows neither value nor token in an error or a log line", async () => {
      const value = "whsec_a-secret-that-nobody-may-find";
      const lines: unknown[] = [];
      const { port, vault } = await open({ log: (...line) => lines.push(line), requestTimeoutMs: 500 });
      await port.set(name, value);
      const failures: unknown[] = [];
      const attempt = async () => {
        for (const call of [() => port.get(name), () => port.set(name, value), () => port.delete(name)]) {
          failures.push(await call().catch((error: unknown) => error));
        }
      };
      for (const [status, code] of [
        [400, "BadParameter"],
        [403, "Forbidden"],
        [409, "Conflict"],
        [429, "Throttled"],
        [503, "ServiceUnavailable"],
      ] as const) {
        vault.refuse(9, { status, code });
        await attempt();
      }
      vault.delayMs = 60_000;
      await attempt();
      await vault.stop();
      await attempt();
      expect(failures.every((failure) => failure instanceof WebhookError)).toBe(true);
      expect(lines).toHaveLength(failures.length);
      expect(lines[0]).toEqual(["warn", "key_vault.failed", { operation: "get", reason: "400 BadParameter" }]);
      const told = inspect([failures, lines], { depth: Infinity, showHidden: true, customInspect: false });
      expect(told).not.toContain(value);
      expect(told).not.toContain(testToken);
    });
  });
});

/** Does to the stand-in what an operator does to a vault. */
function ask(vault: TestVault["vault"], method: string, path: string, body: object = {}): void {
  const { status } = vault.secrets.answer(method, new URL(`${path}?api-version=7.6`, vault.url), body);
  expect(status).toBeLessThan(300);
}
