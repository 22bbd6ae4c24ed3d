/** A key that somebody may have made of a secret, and how, as in "It was used …". */
export type AlteredSecret = readonly [key: string | Buffer, how: string];

/** What becomes of a secret between two programs. An empty key is none of these: anybody could sign with it. */
export function alteredSecrets(secret: string): readonly AlteredSecret[] {
  const bare = secret.replace(/^whsec_/, "");
  const keys: readonly AlteredSecret[] = [
    [secret.trim(), "without the white space that is stored with it"],
    [`${secret}\n`, "with a line feed at its end"],
    [bare, "without whsec_"],
    [Buffer.from(bare, "base64"), "decoded from base64"],
    [`"${secret}"`, "with quotation marks around it"],
  ];
  return keys.filter(([key]) => key.length > 0 && key !== secret);
}
