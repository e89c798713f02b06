import { hash } from 'node:crypto'
import { onceEach } from './once-each.ts'
import { invalidPrecondition } from './problem.ts'

/** The representation of a version may differ between releases; a precondition looks at the version alone. */
const release = '1'

/** The ETag of a resource (RFC 9110 section 8.8.3). */
export const etagOf = ({ version }: { version: number }): string => `"${version}-${release}"`

/**
 * The ETag of an answer that is made of many resources of one tenant: weak, for it says that none of them has changed.
 * @param state all that the answer depends on beside its query: the number of the tenant's last change, a date
 */
export const etagOfQuery = (state: ReadonlyArray<string | number>, query: readonly unknown[]): string =>
  `W/"${state.join('.')}-${release}-${tagOf(JSON.stringify(query))}"`

/** Lists are asked for again and again: a hash of each query is kept. */
const hashes = onceEach((query: string) => hash('sha256', query, 'base64url').slice(0, 12), 10_000)
const tagOf = (query: string) => hashes(query, query)

/**
 * The versions that If-Match allows; null where any will do. A weak tag matches none (RFC 9110 section 13.1.1).
 * @throws {Problem} invalidPrecondition for what is no list of ETags
 */
export function allowedVersions (ifMatch: string | undefined): number[] | null {
  if (ifMatch === undefined || ifMatch === '*') return null
  const versions: number[] = []
  for (const tag of readTags(ifMatch) ?? refuse()) {
    const [, version] = /^"([1-9]\d{0,8})-[\w.]+"$/.exec(tag) ?? []
    if (version !== undefined) versions.push(Number(version))
  }
  return versions
}

/** Whether If-None-Match names this representation; compared weakly, as caches do (RFC 9110 section 13.1.2). */
export function isKnown (ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch === '*' || (readTags(ifNoneMatch) ?? []).some((tag) => opaque(tag) === opaque(etag))
}

const opaque = (tag: string) => tag.replace(/^W\//, '')

const elements = /[ \t]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(,|$)/y

/** The tags of a list (RFC 9110 section 5.6.1: empty elements count for nothing), or undefined where it is none, or empty. */
function readTags (header: string): string[] | undefined {
  const tags: string[] = []
  elements.lastIndex = 0
  for (;;) {
    const [, tag, end] = elements.exec(header) ?? []
    if (end === undefined) return undefined
    if (tag !== undefined) tags.push(tag)
    if (end === '') return tags.length > 0 ? tags : undefined
  }
}

function refuse (): never {
  throw invalidPrecondition()
}
