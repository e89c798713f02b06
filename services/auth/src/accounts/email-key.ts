import { domainToASCII } from 'node:url'

/** The one spelling under which an address is unique (SEC-13): NFKC, lower case, the domain in its ASCII form (UTS 46). */
export function emailKey (email: string): string {
  const folded = email.normalize('NFKC').toLowerCase()
  const at = folded.lastIndexOf('@')
  const domain = folded.slice(at + 1)
  const ascii = domainToASCII(domain)
  // The URL standard takes 1.1 for an IPv4 address and completes it; of mail domains it stays what it is.
  return `${folded.slice(0, at)}@${ascii === '' || /^[\d.]+$/.test(ascii) ? domain : ascii}`
}
