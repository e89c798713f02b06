import type { IncomingMessage } from 'node:http'

/** Why a body was not read, as the status that says so. */
export type UnreadableForm = 413 | 415

const formType = /^application\/x-www-form-urlencoded\s*(;|$)/i
// 20,000 characters of four bytes each, every byte as %XX, and the other fields beside them.
const maxBytes = 300_000

/** The fields of a posted form; or the status for a body that is too large or something else than a form. */
export async function readForm (request: IncomingMessage): Promise<URLSearchParams | UnreadableForm> {
  if (!formType.test(request.headers['content-type'] ?? '')) return request.headers['content-length'] === '0' ? new URLSearchParams() : 415
  if (Number(request.headers['content-length']) > maxBytes) return 413
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early must not close the connection: the answer still goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) return 413
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
