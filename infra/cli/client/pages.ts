import { type JsonObject, objectsIn, textAt } from "../../../shared/core/json";
import type { CommandContext } from "./command";

/** What the API gives out at most. */
const PAGE = 200;

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
    const page = await gateway.call("GET", path, { query: { ...query, limit: String(PAGE), cursor } });
    items.push(...objectsIn(page[field]));
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined);
  return items;
}

/** The newest lines of the log, up to `most`. @throws {GatewayError} */
export async function somePages(context: CommandContext, query: Query, most: number): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = [];
  for await (const page of logPages(context, query, Math.min(PAGE, most))) {
    items.push(...page);
    if (items.length >= most) break;
  }
  return items.slice(0, most);
}

/** The lines of the log page by page, the newest first. @throws {GatewayError} */
export async function* logPages(
  { gateway }: CommandContext,
  query: Query,
  size = PAGE,
): AsyncGenerator<readonly JsonObject[], void> {
  let cursor: string | undefined;
  do {
    const page = await gateway.call("GET", "/deliveries", { query: { ...query, limit: String(size), cursor } });
    yield objectsIn(page["deliveries"]);
    cursor = textAt(page, "nextCursor");
  } while (cursor !== undefined);
}
