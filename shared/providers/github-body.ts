import { type DeliveryRequest, parseForeignJson } from "../core/delivery-request";
import { asObject, type JsonObject } from "../core/json";
import { isForm } from "./is-form";

/** What a delivery of GitHub says, as JSON or within a form; `undefined` if that is no object. */
export function githubBody(request: DeliveryRequest): JsonObject | undefined {
  if (!isForm(request)) return asObject(request.json());
  return asObject(parseForeignJson(new URLSearchParams(request.body.toString("utf8")).get("payload") ?? ""));
}
