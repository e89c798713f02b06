/**
 * Which words of a tenant's may be meant by one that none of them begins with. A typo is a letter too many, missing or wrong,
 * or two neighbours swapped (the optimal string alignment distance). One is forgiven from 4 letters on, two from 8 on, of
 * which at most one is among the first four: what the letters may be is looked up in the index, branch by branch, and two
 * typos at the very beginning would be all of it. What has digits means just what it says.
 */
export interface Misspelling {
  letters: readonly string[]
  typos: 1 | 2
  /** How many letters, from the first on, are tried with a typo in them: all, or those behind which another is forgiven. */
  tried: number
}

/** A word as a misspelling; null where nothing is forgiven. */
export function misspellingOf (word: string): Misspelling | null {
  const letters = [...word]
  if (letters.length < 4 || letters.some((letter) => !/[\p{L}\p{M}]/u.test(letter))) return null
  return letters.length < 8 ? { letters, typos: 1, tried: letters.length } : { letters, typos: 2, tried: 4 }
}

/** What stands before each letter that is tried: what follows there, in words that there are, are the letters to try. */
export const stemsOf = ({ letters, tried }: Misspelling): string[] => Array.from({ length: tried }, (_, place) => letters.slice(0, place).join(''))

/** Each way the letters that are tried can be meant, with one typo among them or none; `longer` are the stems one letter longer that there are. */
export function beginningsMeant (misspelling: Misspelling, longer: readonly string[]): string[] {
  const { letters, tried } = misspelling
  const from = (place: number) => letters.slice(place, tried).join('')
  const byStem = Map.groupBy(longer, (one) => [...one].slice(0, -1).join(''))
  return [...new Set([from(0), ...stemsOf(misspelling).flatMap((stem, place) => [
    stem + from(place + 1), // one too many
    ...(byStem.get(stem) ?? []).flatMap((one) => [one + from(place + 1), one + from(place)]), // another, or one missing
    ...place + 1 < letters.length ? [stem + letters[place + 1]! + letters[place]! + from(place + 2)] : [], // two swapped
  ])])].filter((one) => one !== '')
}

/** The shortest beginning of a term that the word can be a misspelling of; null where there is none. */
export function meantBeginning ({ letters, typos }: Misspelling, term: string): string | null {
  const found = [...term]
  // rows[i][j]: the typos between the first i letters of the term and the first j of the word
  const rows = [Array.from({ length: letters.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= found.length; i++) {
    const row = [i]
    for (let j = 1; j <= letters.length; j++) {
      const isSame = found[i - 1] === letters[j - 1]
      const isSwapped = i > 1 && j > 1 && found[i - 1] === letters[j - 2] && found[i - 2] === letters[j - 1]
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1), isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity)
    }
    if (row[letters.length]! <= typos) return found.slice(0, i).join('')
    rows.push(row)
  }
  return null
}
