import { invalidPrecondition } from '../../problems.ts'

/** The representation of a version may differ between releases; a precondition looks at the version alone. */
const release = '1'

/** The ETag of a task (RFC 9110 section 8.8.3). */
export const etagOf = ({ version }: { version: number }): string => `"${version}-${release}"`

/**
 * The version that If-Match demands; null where any will do.
 * @throws {Problem} invalidPrecondition for what is no ETag of ours
 */
export function demandedVersion (ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch === '*') return null
  const [, version] = /^"(\d{1,9})-[\w.]+"$/.exec(ifMatch) ?? []
  if (version === undefined) throw invalidPrecondition()
  return Number(version)
}
