import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const hosts = ['127.0.0.1', '::1']

function canListen (port: number, host: string) {
  return new Promise<boolean>((resolve) => {
    const server = createServer()
    // A machine without IPv6 has no ::1 to be taken.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Whether `port` is free on localhost, under both versions of IP. */
export async function isFree (port: number) {
  return (await Promise.all(hosts.map((host) => canListen(port, host)))).every(Boolean)
}

/** A port nobody listens on. Below the range systems hand out by themselves, so that none slips in before we use it. */
export async function findFreePort (): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(10_000, 32_000)
    if (await isFree(port)) return port
  }
  throw new Error('No free port was found')
}
