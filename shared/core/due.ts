/** Nothing to do, unless somebody asks: the last moment that a date can name, in milliseconds since 1970. */
export const NEVER = 8_640_000_000_000_000;
