/** True where a browser says that the request was made by a page of this very origin (SEC-72); silence is no proof. */
export function isSameOrigin (headers: Record<string, string | string[] | undefined>, publicOrigin: string): boolean {
  const { 'sec-fetch-site': site, origin } = headers
  if (origin !== undefined && origin !== publicOrigin) return false
  return site === undefined ? origin === publicOrigin : site === 'same-origin'
}
