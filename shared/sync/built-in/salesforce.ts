import type { FieldRule, Mapping } from "../../core/mapping";

/** Compound fields come whole from the REST API and in parts (`Name.LastName`) from change events. */
const person: Readonly<Record<string, FieldRule>> = {
  name: { from: "Name", type: "text" },
  firstName: { from: ["FirstName", "Name.FirstName"], type: "text" },
  lastName: { from: ["LastName", "Name.LastName"], type: "text" },
  title: { from: "Title", type: "text" },
  email: { from: "Email", functions: [{ name: "trim" }, { name: "lower" }], type: "text" },
  phone: { from: "Phone", type: "text" },
  mobilePhone: { from: "MobilePhone", type: "text" },
  description: { from: "Description", type: "text" },
};

const bookkeeping: Readonly<Record<string, FieldRule>> = {
  ownerId: { from: "OwnerId", type: "text" },
  createdOn: { from: "CreatedDate", type: "datetime" },
  modifiedOn: { from: ["SystemModstamp", "LastModifiedDate"], type: "datetime" },
};

/** Salesforce's standard objects ("Object Reference for the Salesforce Platform"), by API name in lower case. */
export const salesforceMappings: Readonly<Record<string, Mapping>> = {
  contact: {
    shardTypeId: "contact",
    direction: "inbound",
    fields: {
      ...person,
      department: { from: "Department", type: "text" },
      birthDate: { from: "Birthdate", type: "date" },
      street: { from: ["MailingStreet", "MailingAddress.Street", "MailingAddress.street"], type: "text" },
      city: { from: ["MailingCity", "MailingAddress.City", "MailingAddress.city"], type: "text" },
      country: { from: ["MailingCountry", "MailingAddress.Country", "MailingAddress.country"], type: "text" },
      accountId: { from: "AccountId", type: "text" },
      ...bookkeeping,
    },
  },
  account: {
    shardTypeId: "account",
    direction: "inbound",
    fields: {
      name: { from: "Name", type: "text" },
      kind: { from: "Type", type: "text" },
      industry: { from: "Industry", type: "text" },
      website: { from: "Website", type: "text" },
      phone: { from: "Phone", type: "text" },
      description: { from: "Description", type: "text" },
      city: { from: ["BillingCity", "BillingAddress.City", "BillingAddress.city"], type: "text" },
      country: { from: ["BillingCountry", "BillingAddress.Country", "BillingAddress.country"], type: "text" },
      parentId: { from: "ParentId", type: "text" },
      ...bookkeeping,
    },
    derived: [
      {
        name: "company_profile",
        shardTypeId: "company_profile",
        relationship: "has_profile",
        inverse: "profile_of",
        when: [{ path: "Industry", is: "present" }],
        fields: {
          name: { from: "Name", type: "text" },
          industry: { from: "Industry", type: "text" },
          employees: { from: "NumberOfEmployees", type: "integer" },
          annualRevenue: { from: "AnnualRevenue", type: "number" },
          website: { from: "Website", type: "text" },
        },
      },
    ],
  },
  lead: {
    shardTypeId: "lead",
    direction: "inbound",
    fields: {
      ...person,
      company: { from: "Company", type: "text" },
      status: { from: "Status", type: "text" },
      origin: { from: "LeadSource", type: "text" },
      rating: { from: "Rating", type: "text" },
      industry: { from: "Industry", type: "text" },
      isConverted: { from: "IsConverted", type: "boolean" },
      convertedContactId: { from: "ConvertedContactId", type: "text" },
      ...bookkeeping,
    },
  },
  opportunity: {
    shardTypeId: "opportunity",
    direction: "inbound",
    fields: {
      name: { from: "Name", type: "text" },
      stage: { from: "StageName", type: "text" },
      amount: { from: "Amount", type: "number" },
      probability: { from: "Probability", type: "number" },
      closeDate: { from: "CloseDate", type: "date" },
      isClosed: { from: "IsClosed", type: "boolean" },
      isWon: { from: "IsWon", type: "boolean" },
      accountId: { from: "AccountId", type: "text" },
      ...bookkeeping,
    },
  },
};
