import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Teardown, TestDatabase } from '../src/test-database.ts'

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export interface Wire {
  /** The service's URL, through here: without TLS, so that the messages can be read. */
  url: string
  /** What went over the wire since `clear`, in order: `P` from the client, `<Z` from the server. */
  messages: string[]
  /** The texts of the statements parsed, as `name: text`. */
  parsed: string[]
  /** The parameters each connection was started with. */
  startups: Array<Record<string, string>>
  clear: () => void
  /** From now on ReadyForQuery comes some time after the answer it ends, as it does when the network cuts between them. */
  holdReady: () => void
}

/** Cuts a stream of PostgreSQL's messages into single ones. */
function cutter (hasStartup: boolean, take: (type: string, message: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0)
  let isStartup = hasStartup
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const offset = isStartup ? 0 : 1
      if (rest.length < offset + 4) return
      const length = offset + rest.readInt32BE(offset)
      if (rest.length < length) return
      take(isStartup ? 'startup' : String.fromCharCode(rest[0]!), rest.subarray(0, length))
      rest = rest.subarray(length)
      isStartup = false
    }
  }
}

async function reachServer ({ hostname, port, searchParams }: URL, caFile: string | undefined): Promise<Duplex> {
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  if (searchParams.get('sslmode') !== 'verify-full') return socket
  socket.write(sslRequest)
  const [answer] = await once(socket, 'data') as [Buffer]
  if (answer.toString() !== 'S') throw new Error('The server does not speak TLS')
  const secure = connectTls({ socket, host: hostname, ...caFile !== undefined && { ca: readFileSync(caFile, 'utf8') } })
  await once(secure, 'secureConnect')
  return secure
}

/** A relay that reads along: plain on the client's side, encrypted on the server's if the server asks for it. */
export async function startWire (t: Teardown, database: TestDatabase): Promise<Wire> {
  const target = new URL(database.urlFor('tasks_service'))
  const sockets = new Set<Socket>()
  let isHeld = false
  const wire: Wire = {
    url: '',
    messages: [],
    parsed: [],
    startups: [],
    clear: () => { wire.messages.length = wire.parsed.length = 0 },
    holdReady: () => { isHeld = true },
  }

  const heard = (type: string, message: Buffer) => {
    if (type === 'startup') {
      const words = message.subarray(8).toString().split('\0')
      wire.startups.push(Object.fromEntries(words.flatMap((word, i) => i % 2 === 0 && word !== '' ? [[word, words[i + 1]!]] : [])))
      return
    }
    wire.messages.push(type)
    if (type === 'P') wire.parsed.push(message.subarray(5).toString().split('\0', 2).join(': '))
  }

  async function relay (client: Socket) {
    client.pause()
    const server = await reachServer(target, database.caFile)
    let sent = Promise.resolve()
    const answer = cutter(false, (type, message) => {
      sent = sent.then(async () => {
        if (isHeld && type === 'Z') await delay(5)
        wire.messages.push(`<${type}`)
        client.write(message)
      })
    })
    const read = cutter(true, heard)
    server.on('data', answer).on('end', () => sent.finally(() => client.end())).on('error', () => client.destroy())
    client.on('data', (chunk) => { read(chunk); server.write(chunk) }).on('end', () => server.end()).on('error', () => server.destroy())
    client.resume()
  }

  const listener = createServer((client) => {
    sockets.add(client)
    relay(client).catch(() => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })

  const url = new URL(target)
  Object.assign(url, { hostname: '127.0.0.1', port: (listener.address() as AddressInfo).port, search: '' })
  wire.url = url.href
  return wire
}
