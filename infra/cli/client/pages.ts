import { type JsonObject, objectsIn, textAt } from "../../../shared/core/json";
import type { CommandContext } from "./command";

type Query = Readonly<Record<string, string | undefined>>;

/** All items of a list. @throws {GatewayError} */
export async function allPages(
  { gateway }: CommandContext,
  path: string,
  field: string,
  query: Query,
): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await gateway.call("GET", path, { query: { ...query, limit: "200", cursor } });
    items.push(...objectsIn(page[field]));
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined);
  return items;
}

/** The newest lines of the log, up to `most`. @throws {GatewayError} */
export async function somePages(
  { gateway }: CommandContext,
  query: Query,
  most: number,
): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = [];
  let cursor: string | undefined;
  do {
    const limit = String(Math.min(200, most - items.length));
    const page = await gateway.call("GET", "/deliveries", { query: { ...query, limit, cursor } });
    items.push(...objectsIn(page["deliveries"]));
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined && items.length < most);
  return items;
}
