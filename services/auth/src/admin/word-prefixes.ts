/**
 * What somebody typed into a search as a text-search query: the beginnings of words, all of which must be there. Null for
 * what has no word in it. Nothing but letters and digits gets through, so that no operator can.
 */
export function wordPrefixes (text: string): string | null {
  const found = text.normalize('NFKC').match(/[\p{L}\p{M}\p{N}]+/gu)
  return found && found.map((word) => `${word}:*`).join(' & ')
}
