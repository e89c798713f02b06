import { bodyTooLarge } from '@daymark/kit/problem'
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'

export const mostMegabytes = 64
export const mostTasks = 100_000
export const mostListsAndLabels = 10_000

/** What a file is refused for that has more than is taken at once. */
export const tooMuch = () => bodyTooLarge({ detail: `A file may have ${mostMegabytes} MiB, ${mostTasks.toLocaleString('en')} tasks and ${mostListsAndLabels.toLocaleString('en')} lists and labels. Send it in parts: what is there already is left alone.` })

/** A file as it was sent. In JSON it is a digest: all that a repeated request needs to be known by. */
export class ReceivedFile {
  readonly isCsv: boolean
  readonly #digest: string
  #bytes: Buffer | undefined

  constructor (bytes: Buffer, isCsv: boolean) {
    this.#bytes = bytes
    this.isCsv = isCsv
    this.#digest = createHash('sha256').update(bytes).digest('base64url')
  }

  /** Gives the bytes, once: they are large. */
  take (): Buffer {
    const bytes = this.#bytes
    if (!bytes) throw new Error('A file is read once')
    this.#bytes = undefined
    return bytes
  }

  toJSON (): string {
    return this.#digest
  }
}

/** Receives a file as it comes. @throws {Problem} bodyTooLarge */
export async function receiveFile (payload: Readable, { isCsv, announced }: { isCsv: boolean, announced: number }): Promise<ReceivedFile> {
  const most = mostMegabytes * 1024 * 1024
  if (announced > most) throw tooMuch()
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > most) throw tooMuch()
    chunks.push(chunk)
  }
  return new ReceivedFile(Buffer.concat(chunks), isCsv)
}
