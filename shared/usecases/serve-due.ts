/** So many are served at a time: most of the time goes by waiting for others. */
const AT_ONCE = 4;

/** Serves all that is due, in that order, some at a time. The first error that `serve` throws ends it. */
export async function serveDue<T>(due: AsyncGenerator<T>, serve: (item: T) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = await due.next(); next.done !== true; next = await due.next()) await serve(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
