import type { AccountRouting } from "./account-routing";
import type { DeliveryRequest } from "./delivery-request";
import type { Problem } from "./errors";
import type { HookTarget } from "./provider-hook";
import type { NoticeName } from "./provider-notice";
import type { Explanation, RefusalReason } from "./refusal";
import type { CandidateUse, SecretOrigin, VerificationSettings } from "./registration";
import type { DeliveryAttempt, ProviderEvent } from "./webhook-event";

declare const verified: unique symbol;

/** A delivery whose proof was checked. Only `trust` in `providers/trust.ts` makes one, and `parse` takes nothing else. */
export type VerifiedRequest = DeliveryRequest & { readonly [verified]: true };

/** What `verify` may rely on besides the request. */
export interface Proof {
  /** One of the provider's schemes, from the registration; never guessed from the headers. */
  readonly scheme: string;
  /** Newest first; any one may have signed, so that a secret can be changed without losing a delivery. */
  readonly secrets: readonly string[];
  readonly settings: VerificationSettings;
  /** How far a timestamp may be from `now`, either way, in seconds. */
  readonly toleranceSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What a delivery holds. */
export interface ParsedDelivery {
  /** The provider's id of the delivery, the same when it repeats; absent where it has none. */
  readonly deliveryId?: string | undefined;
  readonly events: readonly ProviderEvent[];
  /** Why there are no events, where that deserves a word: `unknown_shape`, `stale_body`. */
  readonly ignored?: string | undefined;
  /** What the provider tells about the webhook itself. */
  readonly notices?: readonly NoticeName[] | undefined;
  /** Which attempt this is, where the provider says that it repeats. */
  readonly attempt?: DeliveryAttempt | undefined;
}

/** The answer to a handshake, which ends the walk of the delivery, or the form in which a provider wants to be acknowledged. */
export interface HandshakeReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A handshake that comes before anything can be verified (DESIGN 11, Handshakes). */
export interface OpenHandshake {
  readonly reply: HandshakeReply;
  /** A secret that the provider offers and that the owner may confirm; never used before. */
  readonly candidateSecret?: string;
  /** Set where the candidate is only to be shown: the owner takes it back to the provider, and nothing is signed with it. */
  readonly candidateUse?: CandidateUse;
}

/** One provider: its protocol in four verbs and the figures that belong to it. */
export interface Provider {
  readonly id: string;
  readonly displayName: string;
  /** Accepted values of `verification.scheme`; the first is the default for a secret that we generated. */
  readonly schemes: readonly [string, ...string[]];
  /** The scheme for a secret that was imported or captured. */
  readonly importedScheme: string;
  /** False where the proof is no shared secret, so that none is generated. */
  readonly usesSecret: boolean;
  /** Schemes for which it is the other way round: without a secret (a public key), or with one. */
  readonly exceptionalSchemes?: readonly string[];
  /** Bodies above this many bytes get 413. */
  readonly maxBodyBytes: number;
  /** How long a delivery id is remembered by the consumer, in seconds (`providers.md` 2, "Keep for"). */
  readonly rememberSeconds: number;
  /** JSON schema properties of `verification` beyond `scheme` and `toleranceSeconds`. */
  readonly verificationProperties?: Readonly<Record<string, object>>;
  /** Its senders ask by `OPTIONS` whether they may deliver (CloudEvents, "Abuse Protection"). */
  readonly asksConsent?: boolean;

  /** Where one app of the vendor may serve many accounts: how its deliveries tell whose they are. */
  readonly accounts?: AccountRouting;

  /** Advice for the owner, each a sentence: where the secret is set, and where the provider shows its deliveries. */
  readonly hints: { readonly secret: string; readonly deliveries: string };

  /** Headers of a delivery that its log shows, and those of which it says only that they were there. */
  readonly toldHeaders?: { readonly shown?: readonly string[]; readonly masked: readonly string[] };

  /** Headers of a refusal, by which the provider learns that repeating the delivery does not help. */
  readonly refusalHeaders?: Readonly<Record<string, string>>;

  /** Names of settings still missing before anything can be verified; empty where nothing is. */
  missingSettings?(settings: VerificationSettings): readonly string[];

  /** What is wrong with settings that are well-formed one by one; paths begin with `/verification/`. */
  settingsProblems?(settings: VerificationSettings): readonly Problem[];

  /** Why a secret that the owner brings cannot be one of this provider's under these settings: the rest of a sentence that begins with it. */
  secretProblem?(secret: string, settings: VerificationSettings): string | undefined;

  /** Why these settings prove less than the provider could, as a sentence for the owner; nothing where they do not. */
  weakness?(settings: VerificationSettings): string | undefined;

  /**
   * The same request, trusted.
   * @throws {DeliveryRefused} for whatever does not prove its origin, malformed input included
   * @throws {WebhookError} `keys_unavailable` where the vendor's keys cannot be had just now
   */
  verify(request: DeliveryRequest, proof: Proof): VerifiedRequest | Promise<VerifiedRequest>;

  /**
   * More about a refusal than `verify` had time to find out, for the owner alone. Runs only after `verify` refused, and
   * changes neither the verdict nor the answer. Its work is bounded: whoever knows the URL can ask for it.
   */
  explain?(request: DeliveryRequest, proof: Proof, reason: RefusalReason): Explanation | undefined;

  /**
   * The events of a verified delivery. Never throws: what it does not know, it leaves out. `now` is in milliseconds;
   * `settings` are the registration's, with the scheme that verified the delivery.
   */
  parse(request: VerifiedRequest, now: number, settings?: VerificationSettings): ParsedDelivery;

  /** What the provider reads in place of our receipt, once all is queued; also for duplicates and what is ignored. */
  acknowledge?(request: VerifiedRequest, settings: VerificationSettings): HandshakeReply | undefined;

  /** The answer to a verified handshake, or `undefined` if this is no handshake. */
  handshake?(request: VerifiedRequest, settings?: VerificationSettings): HandshakeReply | undefined;

  /** The answer to an unverified handshake of a registration that has not seen a verified delivery yet. */
  openHandshake?(request: DeliveryRequest, settings?: VerificationSettings): OpenHandshake | undefined;

  /**
   * The answer to a check of the URL that the provider makes unsigned and may repeat at any time (Microsoft Graph, for
   * each subscription; Slack, of its certificate). It is answered to anybody, so it must tell nothing, change nothing and
   * never stand for an event.
   */
  answerProbe?(request: DeliveryRequest): HandshakeReply | undefined;

  /** What the operator does at the provider, in order, one sentence a step. */
  setupSteps(context: SetupContext): readonly string[];

  /** How webhooks are set up by the provider's API; absent where it has none. */
  readonly provisioning?: ProvisioningRules;
}

/** What a provider's API can be asked to deliver. */
export interface ProvisioningRules {
  /** JSON schemas of `target`, an object each that names its `kind`. */
  readonly targets: readonly TargetSchema[];
  /** The scheme by which a target's deliveries are proved, unless the request names another. */
  schemeOf?(target: HookTarget): string;
  /** What stands against setting up this target, by the settings of the registration; paths begin with a slash. */
  problems?(target: HookTarget, settings: VerificationSettings, secretOrigin: SecretOrigin): readonly Problem[];
  /** The provider's names of the events that patterns ask for; `*` where they cannot be told, or are all. */
  eventsOf(patterns: readonly string[]): readonly string[];
}

/** A JSON schema that `target.kind` chooses. */
export interface TargetSchema {
  readonly type: "object";
  readonly required: readonly string[];
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, object>> & { readonly kind: { readonly const: HookTarget["kind"] } };
}

/** What set-up steps may mention. */
export interface SetupContext {
  readonly webhookUrl: string;
  readonly scheme: string;
  readonly settings: VerificationSettings;
  readonly missingSettings: readonly string[];
}
