import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof, Provider, VerifiedRequest } from "../../shared/core/provider";
import type { VerificationSettings } from "../../shared/core/registration";
import { DeliveryRefused, type RefusalReason } from "../../shared/core/refusal";

/** The moment at which contract requests are signed: 2026-11-24T09:00:00Z, in milliseconds. */
export const contractNow = Date.UTC(2026, 10, 24, 9);

/** One scheme of one provider, with a signer that is *not* the code under test. */
export interface SchemeContract {
  readonly provider: Provider;
  readonly scheme: string;
  readonly settings?: VerificationSettings;
  /** A genuine body with a delivery id and at least one event in it. */
  readonly body: Buffer;
  /** Headers of a genuine delivery of `body`, signed with `secret` at `now` (milliseconds). */
  readonly headers: (body: Buffer, secret: string, now: number) => Record<string, string>;
  /** Where the proof stands in the body: the genuine body for a secret. */
  readonly bodyWith?: (secret: string) => Buffer;
  /** Where the URL counts: the one that a genuine delivery of a body calls. */
  readonly url?: (body: Buffer) => string;
  /** The header that carries the proof, in lower case; absent where the proof stands in the body. */
  readonly proofHeader?: string;
  /** How the signature is written; hex unless set. */
  readonly encoding?: "hex" | "base64" | "none";
  /** The header that carries the signed time, in lower case; absent where the scheme signs none. */
  readonly timestampHeader?: string;
  /** Where the signed time has no header of its own: the headers with another time, or without one. */
  readonly withTimestamp?: (headers: Record<string, string>, time: string | undefined) => Record<string, string>;
  /** How many units of the signed time make a second; 1 unless set. */
  readonly timestampUnits?: number;
  /** False where no shared secret is used (Google). */
  readonly sharedSecret?: boolean;
  /** What a delivery with another secret is refused for; `signature_mismatch` unless set. */
  readonly mismatch?: RefusalReason;
  /** False where the proof does not cover the body (a bearer token). */
  readonly coversBody?: boolean;
  /** The proof header with one character changed so that it stays well-formed. */
  readonly corruptProof?: (value: string) => string;
}

const SECRET = "whsec_Q29udHJhY3RTZWNyZXROdW1iZXJPbmUhISEhISE=";
const OTHER = "whsec_T3RoZXJTZWNyZXROdW1iZXJUd28hISEhISEhISE=";

/** What every verification scheme must do: call it inside a `describe` of the provider's own test file. */
export function describeScheme(contract: SchemeContract): void {
  const { provider, scheme, proofHeader } = contract;
  const { sharedSecret = true, encoding = "hex", mismatch = "signature_mismatch" } = contract;
  const bodyFor = contract.bodyWith ?? (() => contract.body);
  const body = bodyFor(SECRET);
  const settings = { scheme, ...contract.settings };
  const proof = (overrides: Partial<Proof> = {}): Proof => ({
    scheme,
    secrets: sharedSecret ? [SECRET] : [],
    settings,
    toleranceSeconds: 300,
    now: contractNow,
    ...overrides,
  });
  const genuine = (at = contractNow, secret = SECRET): Record<string, string> =>
    contract.headers(bodyFor(secret), secret, at);
  const requestOf = (headers: Record<string, string>, bytes: Buffer, signed: Buffer): DeliveryRequest =>
    new DeliveryRequest(new Headers(headers), bytes, () => contract.url?.(signed) ?? "");
  const verify = async (headers: Record<string, string>, overrides: Partial<Proof> = {}, bytes = body, signed = body) =>
    provider.verify(requestOf(headers, bytes, signed), proof(overrides));
  const verifyWith = (secret: string, overrides: Partial<Proof> = {}) =>
    verify(genuine(contractNow, secret), overrides, bodyFor(secret), bodyFor(secret));
  const parse = (request: VerifiedRequest) => provider.parse(request, contractNow, settings);
  const reasonOf = async (attempt: Promise<unknown>): Promise<RefusalReason> => {
    const error: unknown = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DeliveryRefused);
    return error instanceof DeliveryRefused ? error.reason : "scheme_unknown";
  };

  it("accepts a genuine delivery and hands back the same request", async () => {
    const request = requestOf(genuine(), body, body);
    expect(await provider.verify(request, proof())).toBe(request);
  });

  it("finds the same events and the same delivery id when a delivery is repeated", async () => {
    const first = parse(await verify(genuine()));
    const again = parse(await verify(genuine(contractNow + 1000), { now: contractNow + 1000 }));
    expect(first.events.length).toBeGreaterThan(0);
    expect(again.deliveryId).toBe(first.deliveryId);
    expect(again.events).toEqual(first.events);
  });

  it("refuses a scheme that it does not have", async () => {
    expect(await reasonOf(verify(genuine(), { scheme: "no-such-scheme" }))).toBe("scheme_unknown");
  });

  if (proofHeader !== undefined) {
    it("refuses a missing proof header", async () => {
      const { [proofHeader]: _, ...rest } = genuine();
      expect(["header_missing", "token_missing"]).toContain(await reasonOf(verify(rest)));
    });

    it("refuses an empty proof header", async () => {
      const reason = await reasonOf(verify({ ...genuine(), [proofHeader]: "" }));
      expect(["header_missing", "token_missing"]).toContain(reason);
    });

    it.each([",", ", "])("refuses a proof header that came twice, joined by %j", async (comma) => {
      const value = genuine()[proofHeader] ?? "";
      const doubled = { ...genuine(), [proofHeader]: `${value}${comma}${value}` };
      expect(["header_malformed", "token_malformed"]).toContain(await reasonOf(verify(doubled)));
    });

    it("refuses a truncated proof", async () => {
      const value = genuine()[proofHeader] ?? "";
      await reasonOf(verify({ ...genuine(), [proofHeader]: value.slice(0, -1) }));
      await reasonOf(verify({ ...genuine(), [proofHeader]: value.slice(0, value.length / 2) }));
    });
  }

  if (proofHeader !== undefined && contract.corruptProof) {
    const corrupt = contract.corruptProof;
    it("refuses a well-formed proof with one character changed", async () => {
      await reasonOf(verify({ ...genuine(), [proofHeader]: corrupt(genuine()[proofHeader] ?? "") }));
    });
  }

  if (contract.coversBody ?? true) {
    it("refuses the body with any one byte flipped", async () => {
      for (let index = 0; index < body.length; index += Math.max(1, Math.floor(body.length / 97))) {
        const altered = Buffer.from(body);
        altered[index] = (altered[index] ?? 0) ^ 1;
        expect(await reasonOf(verify(genuine(), {}, altered))).toBe("signature_mismatch");
      }
    });

    it("refuses the body with a byte added or taken away", async () => {
      expect(await reasonOf(verify(genuine(), {}, Buffer.concat([body, Buffer.from(" ")])))).toBe("signature_mismatch");
      expect(await reasonOf(verify(genuine(), {}, body.subarray(0, -1)))).toBe("signature_mismatch");
    });

    it("verifies bytes, not text: bodies that are no valid UTF-8 included", async () => {
      const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff, 0x7d]);
      const headers = contract.headers(bytes, SECRET, contractNow);
      await expect(verify(headers, {}, bytes, bytes)).resolves.toBeInstanceOf(DeliveryRequest);
      expect(parse(await verify(headers, {}, bytes, bytes)).events).toEqual([]);
    });
  }

  if (sharedSecret) {
    it("refuses a delivery signed with another secret", async () => {
      expect(await reasonOf(verifyWith(OTHER))).toBe(mismatch);
    });

    it("accepts a delivery signed with the older of two secrets", async () => {
      await expect(verifyWith(OTHER, { secrets: [SECRET, OTHER] })).resolves.toBeDefined();
    });

    it("refuses everything where there is no secret, or an empty one", async () => {
      expect(await reasonOf(verify(genuine(), { secrets: [] }))).toBe("secret_missing");
      expect(await reasonOf(verify(genuine(), { secrets: [""] }))).toBe("secret_missing");
      const signedWithNothing = await reasonOf(verifyWith("", { secrets: [""] }));
      if (encoding !== "none") expect(signedWithNothing).toBe("secret_missing");
    });
  }

  if (sharedSecret && proofHeader !== undefined && encoding === "hex") {
    it("refuses a signature in upper-case hex", async () => {
      const value = genuine()[proofHeader] ?? "";
      const upper = value.replace(/[0-9a-f]{40,128}$/, (hex) => hex.toUpperCase());
      expect(upper).not.toBe(value);
      expect(await reasonOf(verify({ ...genuine(), [proofHeader]: upper }))).toBe("header_malformed");
    });
  }

  if (proofHeader !== undefined && encoding === "base64") {
    it("refuses another spelling of the same base64", async () => {
      const value = genuine()[proofHeader] ?? "";
      const other = value.replace(/(.)(=+)$/, (_, letter: string, padding: string) => nextLetter(letter) + padding);
      expect(Buffer.from(other.slice(-28), "base64")).toEqual(Buffer.from(value.slice(-28), "base64"));
      expect(await reasonOf(verify({ ...genuine(), [proofHeader]: other }))).toBe("header_malformed");
    });
  }

  const { timestampHeader } = contract;
  const withTimestamp =
    contract.withTimestamp ?? (timestampHeader === undefined ? undefined : replacing(timestampHeader));
  if (withTimestamp) {
    it("accepts a timestamp at the edge of the tolerance and refuses one beyond it, either way", async () => {
      await expect(verify(genuine(), { now: contractNow + 300_000 })).resolves.toBeDefined();
      await expect(verify(genuine(), { now: contractNow - 300_000 })).resolves.toBeDefined();
      expect(await reasonOf(verify(genuine(), { now: contractNow + 301_000 }))).toBe("timestamp_stale");
      expect(await reasonOf(verify(genuine(), { now: contractNow - 301_000 }))).toBe("timestamp_future");
    });

    it("refuses a timestamp that was changed", async () => {
      const later = String((contractNow / 1000) * (contract.timestampUnits ?? 1) + 1);
      expect(await reasonOf(verify(withTimestamp(genuine(), later)))).toBe("signature_mismatch");
    });

    it.each(["", "abc", "1e9", "-1", " 1", "1.5", "0x10", "99999999999999999999"])(
      "refuses the timestamp %j",
      async (value) => {
        const reason = await reasonOf(verify(withTimestamp(genuine(), `${value}x`.slice(0, -1) || "+")));
        expect(["timestamp_malformed", "timestamp_stale"]).toContain(reason);
      },
    );

    it("refuses a missing timestamp", async () => {
      expect(await reasonOf(verify(withTimestamp(genuine(), undefined)))).toBe("timestamp_missing");
    });
  }
}

function replacing(header: string): NonNullable<SchemeContract["withTimestamp"]> {
  return (headers, time) => {
    const { [header]: _, ...rest } = headers;
    return time === undefined ? rest : { ...rest, [header]: time };
  };
}

/** The letter of base64 that follows: where padding does, the bits in which the two differ stand for nothing. */
function nextLetter(letter: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return letters.charAt(letters.indexOf(letter) + 1);
}
