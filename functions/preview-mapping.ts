import { managementEndpoint } from "../shared/http/endpoint";
import { previewBodySchema, previewReplySchema } from "../shared/http/mapping-schemas";
import { previewMapping, type PreviewRequest } from "../shared/usecases/preview-mapping";

/** `POST /mappings/preview`: what a sample record would become. Nothing is stored, so reading is enough. */
managementEndpoint<Omit<PreviewRequest, "tenantId">>(
  {
    name: "preview-mapping",
    method: "POST",
    route: "mappings/preview",
    summary: "Show what a record would become",
    access: "webhooks.read",
    body: previewBodySchema,
    responses: { 200: { description: "The shards.", schema: previewReplySchema } },
    errors: ["invalid_request", "invalid_json", "store_unavailable"],
  },
  async ({ services, caller, body }) => ({
    jsonBody: await previewMapping(services, { ...body, tenantId: caller.tenantId }),
  }),
);
