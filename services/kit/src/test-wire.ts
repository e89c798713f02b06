import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Teardown } from './test-database.ts'

/** A wire to the database that can be cut: new connections are refused, and the open ones die. */
export async function startWire (t: Teardown) {
  const { port } = new URL(process.env['TEST_DATABASE_ADMIN_URL'] ?? '')
  const sockets = new Set<Socket>()
  let isSilent = false
  let isAnswerLost = false
  const server = createServer((client) => {
    const upstream = connect(Number(port), '127.0.0.1')
    for (const [from, to] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy()).on('close', () => { sockets.delete(from); to.destroy() })
      from.on('data', (bytes) => {
        if (isAnswerLost && from === upstream) return from.destroy()
        if (!isSilent) to.write(bytes)
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  t.teardown(() => { server.close(); for (const socket of sockets) socket.destroy() })
  return {
    port: own,
    /** Swallows every byte, and closes nothing. */
    silence: () => { isSilent = true },
    /** Dies with the next answer, in place of passing it on. */
    loseAnswers: () => { isAnswerLost = true },
    speak: () => { isSilent = false },
    cut: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    mend: async () => {
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}
