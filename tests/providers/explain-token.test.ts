import { DeliveryRequest } from "../../shared/core/delivery-request";
import type { Proof } from "../../shared/core/provider";
import type { RefusalReason } from "../../shared/core/refusal";
import { explainToken } from "../../shared/providers/explain-token";
import { contractNow } from "../contracts/provider";

const settings = {
  scheme: "native",
  audience: "https://hooks.example.com/w",
  serviceAccountEmail: "a@p.gserviceaccount.com",
};
const proof: Proof = { scheme: "native", secrets: [], settings, toleranceSeconds: 300, now: contractNow };
const now = contractNow / 1000;

function explain(reason: RefusalReason, claims: object, header: object = { alg: "RS256", kid: "k" }) {
  const token = [header, claims, {}].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return explainToken(
    new DeliveryRequest(new Headers({ authorization: `Bearer ${token}` }), Buffer.alloc(0)),
    proof,
    reason,
  );
}

describe("why a token was refused", () => {
  const google = { iss: "https://accounts.google.com" };

  it.each([
    ["token_expired", { exp: now - 4000 }, "It expired 4000 seconds ago."],
    ["timestamp_future", { iat: now + 400 }, "It was issued 400 seconds ahead of our clock."],
    [
      "audience_mismatch",
      { aud: "https://other.example.com" },
      "It is for https://other.example.com; verification.audience is https://hooks.example.com/w.",
    ],
    [
      "audience_mismatch",
      { aud: ["a"] },
      "It is for something else; verification.audience is https://hooks.example.com/w.",
    ],
    [
      "service_account_mismatch",
      { email: "b@q.gserviceaccount.com", email_verified: true },
      "It was made by b@q.gserviceaccount.com; verification.serviceAccountEmail is a@p.gserviceaccount.com.",
    ],
    ["service_account_mismatch", { email: "b@q.gserviceaccount.com" }, "Its address is not verified."],
    ["token_invalid", { iss: "https://evil.example.com" }, "Its issuer is https://evil.example.com, not Google."],
    ["token_invalid", { iss: "<script>" }, "Its issuer is something else, not Google."],
  ] as const)("%s: %j", (reason, claims, detail) => {
    expect(explain(reason, claims)).toEqual({ reason, detail });
  });

  it("names an algorithm that Google does not use, and a key that is not named", () => {
    expect(explain("token_invalid", google, { alg: "none" })?.detail).toBe(
      "Its algorithm is none; Google signs with RS256.",
    );
    expect(explain("token_invalid", google, { alg: "HS256" })?.detail).toContain("HS256");
    expect(explain("token_invalid", google, { alg: "RS256" })?.detail).toBe("It names no key.");
  });

  it("keeps the address of a person out of the records", () => {
    const claims = { email: "ada@example.com", email_verified: true };
    expect(explain("service_account_mismatch", claims)?.detail).toBe("It names no service account.");
    expect(explain("service_account_mismatch", {})?.detail).toBe("It names no service account.");
  });

  it("has nothing to add where nothing can be seen", () => {
    expect(explain("token_invalid", google)).toBeUndefined();
    expect(explain("token_expired", { exp: "soon" })).toBeUndefined();
    expect(explain("pending_verification", {})).toBeUndefined();
  });

  it.each(["", "Bearer", "Bearer a.b.c", "Basic YTpi", "Bearer ..", "Bearer !!!.???.***"])(
    "says what form a token has, of %j",
    (authorization) => {
      const request = new DeliveryRequest(new Headers({ authorization }), Buffer.alloc(0));
      expect(explainToken(request, proof, "token_malformed")?.detail).toContain("three parts");
      expect(explainToken(request, proof, "token_invalid")?.reason).toBe("token_invalid");
    },
  );

  it("names the signature that is there in place of a token", () => {
    const of = (header: string) =>
      explainToken(new DeliveryRequest(new Headers({ [header]: "x" }), Buffer.alloc(0)), proof, "token_missing");
    expect(of("x-slack-signature")).toMatchObject({ reason: "other_provider" });
    expect(of("x-goog-channel-token")).toEqual({
      reason: "other_scheme",
      detail: "The header x-goog-channel-token belongs to the scheme channel; this webhook is set to native.",
    });
    expect(of("user-agent")).toBeUndefined();
  });
});
