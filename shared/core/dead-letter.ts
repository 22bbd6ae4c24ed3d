/** Nobody counts on beyond so many dead letters: as a count this stands for as many or more. */
export const MOST_DEAD_LETTERS = 1000;

/** So many dead letters, in words. */
export function toDeadLetterWords(count: number): string {
  return `${count}${count < MOST_DEAD_LETTERS ? "" : " or more"} event(s)`;
}
