/** Above every time in milliseconds for centuries to come; no later one can be told in the digits. */
export const END_OF_TIME = 2 ** 44;
const TIME_DIGITS = 11;

/** Eleven hex digits for a time (ISO 8601) that sort before those of earlier times: ids that begin so need no other order. */
export function newestFirst(time: string): string {
  return (END_OF_TIME - Date.parse(time)).toString(16).padStart(TIME_DIGITS, "0");
}

/** The time that such digits were made of, in milliseconds since 1970; `undefined` for anything else. */
export function timeOfNewestFirst(digits: string): number | undefined {
  const isOne = digits.length === TIME_DIGITS && /^[0-9a-f]+$/.test(digits);
  return isOne ? END_OF_TIME - Number.parseInt(digits, 16) : undefined;
}
