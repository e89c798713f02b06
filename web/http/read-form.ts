import type { IncomingMessage } from 'node:http'

/** Why a body was not read, as the status that says so. */
export type UnreadableForm = 413 | 415

const formType = /^application\/x-www-form-urlencoded\s*(;|$)/i
const formWithFileType = /^multipart\/form-data\s*;/i
// 20,000 characters of four bytes each, every byte as %XX, and the other fields beside them.
const maxBytes = 300_000
/** Of a form with a file, or with its text, whose line ends have become longer on the way. */
const maxBytesWithFile = 12_000_000

/**
 * The fields of a posted form, with the text of a file under its name; or the status for a body that is too large or something
 * else than a form. Only a form that may have a file comes as multipart/form-data. A file that is no text in UTF-8 comes as NUL.
 */
export async function readForm (request: IncomingMessage, { mayHaveFile = false } = {}): Promise<URLSearchParams | UnreadableForm> {
  const type = request.headers['content-type'] ?? ''
  const isWithFile = mayHaveFile && formWithFileType.test(type)
  if (!isWithFile && !formType.test(type)) return request.headers['content-length'] === '0' ? new URLSearchParams() : 415
  const most = isWithFile ? maxBytesWithFile : maxBytes
  if (Number(request.headers['content-length']) > most) return 413
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop early must not close the connection: the answer still goes over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) return 413
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return isWithFile ? await fieldsAndFiles(body, type) : new URLSearchParams(body.toString('utf8'))
}

/** Node's own parser holds all of it in memory, which is bounded by now. */
async function fieldsAndFiles (body: Buffer<ArrayBuffer>, type: string): Promise<URLSearchParams | UnreadableForm> {
  const form = await new Response(body, { headers: { 'content-type': type } }).formData().catch(() => null)
  if (!form) return 415
  const fields = new URLSearchParams()
  for (const [name, value] of form) fields.append(name, typeof value === 'string' ? value : textOf(await value.arrayBuffer()))
  return fields
}

function textOf (bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return '\0'
  }
}
