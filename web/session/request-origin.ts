/** True where a browser says that the request was made by a page of this very origin (SEC-72); silence is no proof. */
export function isSameOrigin (headers: Record<string, string | string[] | undefined>, publicOrigin: string): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  return headers['origin'] === publicOrigin
}
