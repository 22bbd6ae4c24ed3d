/** The token: in memory, and for this tab alone in its session storage, so that reloading does not sign out. */

const KEY = "castiel-token";

/** @type {string | null} */
let current = sessionStorage.getItem(KEY);

/** @returns {string | null} */
export function token() {
  return current;
}

/** @param {string} value */
export function keepToken(value) {
  current = value;
  sessionStorage.setItem(KEY, value);
}

export function forgetToken() {
  current = null;
  sessionStorage.removeItem(KEY);
}
