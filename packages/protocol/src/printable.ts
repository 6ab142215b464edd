/** Control characters, what is left of broken surrogate pairs, and marks that turn text around or end a line. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * What a peer said, fit for a log or a terminal: unprintable characters escaped, at most `maxLength` characters of it.
 */
export function printable(text: string, maxLength = 256): string {
  const shown = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return shown.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xff ? `\\u{${code.toString(16)}}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}
