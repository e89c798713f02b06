import type { CommonQueryMethods } from 'slonik'
import { unprocessable } from '../../problems.ts'
import { beginningsMeant, meantBeginning, misspellingOf, stemsOf } from './misspellings.ts'
import { beginningsBelow, hitsOf, wordsOf } from './queries.ts'

/** A word that is searched for: a task has it if one of its terms has one of these beginnings. */
export interface Word { beginnings: readonly string[], hits: number }

/** What is searched for, the rarest word first, and the number of the tenant's last change when that was looked up. */
export interface Words {
  words: Word[]
  /** What all the words mean, as one text: pages that follow each other must mean the same. */
  meant: string
  seq: number
}

const most = 10
const refused = (code: string, detail: string) => unprocessable('/querystring/q', code, detail)

/**
 * Takes the words out of what is searched for. Each means what begins with it, in any case and without accents; where nothing
 * does, what it can be a misspelling of.
 * @throws {Problem} unprocessable for no word or too many
 */
export async function findWords (db: CommonQueryMethods, user_id: string, text: string): Promise<Words> {
  const found = await wordsOf(db, { user_id, text })
  if (found.length === 0) throw refused('no_word', 'q must have a letter or a digit')
  if (found.length > most) throw refused('too_many_words', `q must have at most ${most} words`)
  const words: Word[] = []
  for (const { word, hits } of found) words.push(hits > 0 ? { beginnings: [word], hits } : await correct(db, user_id, word))
  const meant = words.map(({ beginnings }) => beginnings.toSorted().join(' ')).sort().join('\n')
  return { words: words.sort((a, b) => a.hits - b.hits), meant, seq: found[0]!.seq }
}

/** What a word that nothing begins with can be a misspelling of. */
async function correct (db: CommonQueryMethods, user_id: string, word: string): Promise<Word> {
  const misspelling = misspellingOf(word)
  if (misspelling === null) return { beginnings: [], hits: 0 }
  const { letters, typos } = misspelling
  const longer = await beginningsBelow(db, { user_id, stems: stemsOf(misspelling).map((stem) => ({ stem, length: [...stem].length + 1 })) })
  const terms = await beginningsBelow(db, { user_id, stems: beginningsMeant(misspelling, longer).map((stem) => ({ stem, length: letters.length + typos })) })
  const beginnings = [...new Set(terms.flatMap((term) => meantBeginning(misspelling, term) ?? []))]
  return { beginnings, hits: await hitsOf(db, { user_id, beginnings }) }
}
