import { randomUUID } from "node:crypto";
import { type Content, jsonContent, type SampleProvider } from "./sample";
import { signStandard } from "./standard";

/** CloudEvents in the three modes of the HTTP binding; Event Grid's is structured. Binary mode goes with a token alone. */
export const cloudeventsSamples: SampleProvider = {
  integrationId: "cloudevents",
  schemes: ["bearer", "standard"],
  events: new Map([
    ["structured", () => structured(order("created"))],
    ["binary", binary],
    ["batch", batch],
    ["event-grid", () => structured(blobCreated())],
  ]),
  sign: (content, signing) =>
    signing.scheme === "standard"
      ? signStandard(content, signing)
      : { headers: { authorization: `Bearer ${signing.secret}` } },
};

interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly [attribute: string]: unknown;
}

function order(action: string): CloudEvent {
  return {
    specversion: "1.0",
    id: randomUUID(),
    source: "https://shop.example.com/orders",
    type: `com.example.order.${action}`,
    subject: "A-1843",
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: { id: "A-1843", total: 18.43 },
  };
}

/** learn.microsoft.com/azure/event-grid/event-schema-blob-storage, with the schema CloudEvents. */
function blobCreated(): CloudEvent {
  return {
    specversion: "1.0",
    id: randomUUID(),
    source: "/subscriptions/demo/resourceGroups/demo/providers/Microsoft.Storage/storageAccounts/demo",
    type: "Microsoft.Storage.BlobCreated",
    subject: "/blobServices/default/containers/reports/blobs/engine.pdf",
    time: new Date().toISOString(),
    data: { api: "PutBlob", contentType: "application/pdf", contentLength: 1843, blobType: "BlockBlob" },
  };
}

function structured(event: CloudEvent): Content {
  return jsonContent(event, { "content-type": "application/cloudevents+json; charset=utf-8" });
}

function batch(): Content {
  const events = [order("created"), order("updated")];
  return jsonContent(events, { "content-type": "application/cloudevents-batch+json; charset=utf-8" });
}

/** The attributes are headers, and the data is the body. */
function binary(): Content {
  const { data, datacontenttype: _, ...attributes } = order("updated");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) headers[`ce-${name}`] = String(value);
  return jsonContent(data, headers);
}
