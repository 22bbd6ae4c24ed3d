import { describeRecordReader, type ReaderSubject } from "../../contracts/record-reader";
import { noon } from "../../support/make";
import { SalesforceStandIn } from "../../support/vendors/salesforce";

const at = (minutes: number): string =>
  new Date(noon - 3_600_000 + minutes * 60_000).toISOString().replace("Z", "+0000");
const contact = (entityId: string) => ({ entityType: "Contact", entityId });

async function openSalesforce(): Promise<ReaderSubject & { readonly salesforce: SalesforceStandIn }> {
  const salesforce = await SalesforceStandIn.start();
  const { server, tokens } = salesforce;
  salesforce.add("003A", at(1), { LastName: "Lovelace" });
  salesforce.add("003D", at(2), { IsDeleted: true });
  const many = Array.from({ length: 250 }, (_, index) => `003L${String(index).padStart(4, "0")}`);
  for (const [index, id] of many.entries()) salesforce.add(id, at(10 + Math.floor(index / 100)));
  return {
    salesforce,
    integrationId: "salesforce",
    server,
    tokens,
    env: {},
    baseUrl: server.url,
    present: {
      reference: contact("003A"),
      field: { Id: "003A", LastName: "Lovelace" },
      version: { kind: "time", value: noon - 59 * 60_000 },
    },
    deleted: contact("003D"),
    invisible: contact("003X"),
    unreadable: [
      contact("001*"),
      contact("*"),
      contact("../Account/001"),
      contact(""),
      { entityType: "Order_Shipped__e", entityId: "1" },
      { entityType: "Contact/003A/x", entityId: "1" },
    ],
    limits: [
      [
        "the daily limit",
        {
          status: 403,
          headers: { "sforce-limit-info": "api-usage=15000/15000" },
          json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }],
        },
        900_000,
      ],
      [
        "too many calls at a time",
        {
          status: 403,
          headers: { "sforce-limit-info": "api-usage=18/15000" },
          json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "ConcurrentRequests Limit exceeded." }],
        },
        30_000,
      ],
      ["a limit without figures", { status: 403, json: [{ errorCode: "REQUEST_LIMIT_EXCEEDED" }] }, 900_000],
    ],
    forbidden: [
      { status: 403, json: [{ errorCode: "INSUFFICIENT_ACCESS", message: "…" }] },
      { status: 403, json: [{ errorCode: "API_DISABLED_FOR_ORG", message: "…" }] },
    ],
    unavailable: [{ status: 503, json: [{ errorCode: "SERVER_UNAVAILABLE", message: "…" }] }],
    listed: { entityType: "Contact", since: at(5), ids: many },
    writes: {
      create: { action: "create", reference: contact(""), fields: { LastName: "Hopper" } },
      update: { action: "update", reference: contact("003A"), fields: { LastName: "Byron" } },
      delete: { action: "delete", reference: contact("003A"), fields: {} },
      refused: { action: "create", reference: contact(""), fields: { FirstName: "Grace" } },
    },
    stop: () => server.stop(),
  };
}

describe("Salesforce's records", () => {
  describeRecordReader(openSalesforce);
});
