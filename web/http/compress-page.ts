import type { Readable } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'

type Coding = 'br' | 'gzip'

/** The best of our codings that the browser takes (RFC 9110, 12.5.3), or null for none. */
export function acceptedCoding (acceptEncoding: string | undefined): Coding | null {
  const accepted = new Set((acceptEncoding ?? '').split(',').flatMap((item) => {
    const [coding = '', ...parameters] = item.trim().toLowerCase().split(/\s*;\s*/)
    return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : [coding]
  }))
  return accepted.has('br') ? 'br' : accepted.has('gzip') ? 'gzip' : null
}

/** The page in that coding. It is flushed as it comes, so that a streamed page still streams. */
export function compressPage (page: Readable, coding: Coding): Readable {
  const encoder = coding === 'br'
    ? createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH, params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } })
    : createGzip({ flush: constants.Z_SYNC_FLUSH, level: 5 })
  page.on('error', (error) => encoder.destroy(error))
  encoder.on('close', () => page.destroy())
  return page.pipe(encoder)
}
