import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

/** How long a stream may take to say goodbye: who does not read it would hold up the end for ever. */
const farewellMs = 500

/** The answers that go on until somebody ends them, which is what a server that stops does first. */
export function openStreams () {
  const stopping = new AbortController()
  const open = new Set<ServerResponse>()
  return {
    /** Says to all of them that it is time to end. */
    stopping: stopping.signal,
    add (answer: ServerResponse): void {
      answer.setHeader('connection', 'close') // no other request waits behind it
      open.add(answer)
      answer.once('close', () => open.delete(answer))
    },
    /** Ends all of them, those that are not read by force. */
    async end (): Promise<void> {
      stopping.abort()
      const closed = Promise.all([...open].map((answer) => new Promise((resolve) => answer.once('close', resolve))))
      await Promise.race([closed, delay(farewellMs)])
      for (const answer of open) answer.destroy()
    },
  }
}
