import type { HookOrder, HookPlace, ProviderHook } from "../../core/provider-hook";
import type { VendorApi, VendorSession } from "./vendor-api";

/** A hook as a vendor's reply describes it. */
export type MadeHook = Required<Pick<ProviderHook, "id">> & Omit<ProviderHook, "kind" | "madeAt">;

/** What a vendor's hooks are called with. */
export interface HookSession {
  readonly api: VendorApi;
  readonly session: VendorSession;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** One vendor's hooks; what each method does and throws, `ProviderHooks` says. */
export interface VendorHooks {
  put(context: HookSession, order: HookOrder): Promise<MadeHook>;
  remove(context: HookSession, place: HookPlace, hook: ProviderHook): Promise<void>;
}
