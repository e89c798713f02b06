import type { CookieSerializeOptions } from '@fastify/cookie'

/** `visit` is what the names of visits begin with, of which a browser may have several. */
export interface CookieNames { session: string, visit: string, flash: string, device: string }

/** Cookie names and attributes follow the public origin alone: `__Host-` on https; on http://localhost the port tells apps apart. */
export function cookiesFor (publicOrigin: string): { names: CookieNames, options: CookieSerializeOptions } {
  const { protocol, port } = new URL(publicOrigin)
  const secure = protocol === 'https:'
  const name = secure ? '__Host-daymark' : `daymark-${port || '80'}`
  return {
    names: { session: name, visit: `${name}-visit`, flash: `${name}-flash`, device: `${name}-device` },
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure },
  }
}

export const sessionCookieSeconds = 30 * 24 * 60 * 60
export const deviceCookieSeconds = 365 * 24 * 60 * 60
