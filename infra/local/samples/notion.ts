import { randomUUID } from "node:crypto";
import { type Content, hmacHex, jsonContent, type SampleProvider, unixSeconds } from "./sample";

const SPACE = { id: "13950b26-c203-4f3b-b97d-93ec06319565", type: "space" };
const PAGE = { id: "1782edd6-a853-4d4a-b02c-9c8c16f28e53", type: "page" };
const COMMENT = { id: "c6780f24-10b7-4f42-a6fd-230b6cf7ad69", type: "comment" };

/** A page, a comment on it, and the request with which Notion hands out its verification token. */
export const notionSamples: SampleProvider = {
  integrationId: "notion",
  schemes: ["seed", "native"],
  events: new Map([
    ["page.created", () => event("page.created", PAGE, { parent: SPACE })],
    ["page.content_updated", () => event("page.content_updated", PAGE, { updated_blocks: [], parent: SPACE })],
    ["comment.created", () => event("comment.created", COMMENT, { page_id: PAGE.id, parent: PAGE })],
    ["verification_token", verificationToken],
  ]),
  sign: ({ body, isHandshake }, { secret, scheme }) => {
    // Notion's pages show this request without a signature: nobody but Notion knows the token yet.
    if (isHandshake) return {};
    if (scheme === "native") return { headers: { "x-notion-signature": `sha256=${hmacHex(secret, body)}` } };
    const timestamp = String(unixSeconds());
    const signature = `sha256=${hmacHex(secret, `${timestamp}.`, body)}`;
    return { headers: { "x-notion-request-timestamp": timestamp, "x-notion-signature": signature } };
  },
};

function event(type: string, entity: object, data: object): Content {
  return jsonContent({
    id: randomUUID(),
    timestamp: new Date().toISOString(),
    workspace_id: SPACE.id,
    type,
    authors: [{ id: "c7c11cca-1d73-471d-9b6e-bdef51470190", type: "person" }],
    entity,
    data,
    attempt_number: 1,
    api_version: "2025-09-03",
  });
}

function verificationToken(): Content {
  const token = `secret_${randomUUID().replaceAll("-", "")}`;
  return { ...jsonContent({ verification_token: token }), isHandshake: true };
}
