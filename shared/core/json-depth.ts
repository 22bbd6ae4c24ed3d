const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** True if a JSON text nests lists and objects more than `limit` levels deep. Says nothing about a text that is no JSON. */
export function nestsDeeperThan(limit: number, text: string): boolean {
  // Most bodies have fewer brackets than the limit; counting those takes a fraction of the time of reading every letter.
  return hasMoreThan(limit, text, "{", "[") && exceeds(limit, text);
}

function hasMoreThan(limit: number, text: string, ...letters: readonly string[]): boolean {
  let found = 0;
  for (const letter of letters) {
    for (let at = text.indexOf(letter); at >= 0; at = text.indexOf(letter, at + 1)) {
      found++;
      if (found > limit) return true;
    }
  }
  return false;
}

function exceeds(limit: number, text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const letter = text.charCodeAt(index);
    if (letter === QUOTE) index = endOfString(text, index);
    else if (letter === OPEN_OBJECT || letter === OPEN_LIST) depth++;
    else if (letter === CLOSE_OBJECT || letter === CLOSE_LIST) depth--;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the string ends that begins at `start`: at the next quotation mark before which no odd number of backslashes stands. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
