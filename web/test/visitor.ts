export interface Answer { status: number, headers: Headers, text: string, location: string | null }

/** A browser without JavaScript, as far as HTTP can tell: keeps cookies, sends forms as a page of the site would. */
export function visitor (origin: string) {
  const cookies = new Map<string, string>()
  let formToken = ''

  async function send (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const response = await fetch(new URL(path, origin), {
      method,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...headers },
      ...body !== undefined && { body },
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const [name = '', value = ''] = pair.split('=')
      if (attributes.some((attribute) => attribute === 'Max-Age=0' || attribute.startsWith('Expires=Thu, 01 Jan 1970'))) cookies.delete(name)
      else cookies.set(name, decodeURIComponent(value))
    }
    const text = await response.text()
    formToken = /name="form_token"[^>]* value="([^"]+)"/.exec(text)?.[1] ?? formToken
    return { status: response.status, headers: response.headers, text, location: response.headers.get('location') }
  }

  return {
    cookies,
    formToken: () => formToken,
    get: (path: string, headers: Record<string, string> = {}) => send('GET', path, headers),
    /** Posts a form with the token of the page seen last, unless the fields bring another. */
    post: (path: string, fields: Record<string, string> = {}, headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' }) =>
      send('POST', path, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, new URLSearchParams({ form_token: formToken, ...fields }).toString()),
    send,
  }
}
