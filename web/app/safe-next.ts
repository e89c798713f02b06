// The base is only there to be compared with; it is never gone to.
const base = 'http://daymark.invalid'

/** Where to go on after signing in: `next` if it is a path on this site, else `fallback` (SEC-79). */
export function safeNext (next: string | null | undefined, fallback = '/dashboard'): string {
  if (!next || next.length > 2000 || !next.startsWith('/') || isSuspicious(next)) return fallback
  const url = new URL(next, base)
  if (url.origin !== base || isSuspicious(decoded(url.pathname))) return fallback
  return url.pathname + url.search + url.hash
}

/** Anything by which a browser, or a proxy that decodes, could read the path as an address elsewhere. */
// eslint-disable-next-line no-control-regex
const isSuspicious = (path: string) => /^[/\\]{2}|[\\\u0000-\u001f\u007f]/.test(path)

/** Decoded until nothing changes, since somebody on the way might. */
function decoded (path: string): string {
  try {
    const once = decodeURIComponent(path)
    return once === path ? path : decoded(once)
  } catch {
    return '\\'
  }
}
