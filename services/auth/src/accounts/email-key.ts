import { domainToASCII } from 'node:url'

/** The one spelling under which an address is unique (SEC-13): NFKC, lower case, the domain in its ASCII form (UTS 46). */
export function emailKey (email: string): string {
  const folded = email.normalize('NFKC').toLowerCase()
  const at = folded.lastIndexOf('@')
  return `${folded.slice(0, at)}@${domainToASCII(folded.slice(at + 1)) || folded.slice(at + 1)}`
}
