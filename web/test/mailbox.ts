import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Teardown } from '@daymark/kit/test-database'

interface Mail { to: string, source: string }

/** A mail server that keeps what it is given; it ends with the test file. */
export async function startMailbox (t: Teardown) {
  const mails: Mail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    receive(socket, (mail) => mails.push(mail))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })

  /** Waits for the next mail to an address that has a link to `path`; gives the link's path and query. */
  async function linkTo (email: string, path: string): Promise<string> {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      for (const [index, { to, source }] of mails.entries()) {
        const [link] = new RegExp(`${path}\\?token=[\\w-]+`).exec(source) ?? []
        if (to !== email || link === undefined) continue
        mails.splice(index, 1)
        return link
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`No mail to ${email} with a link to ${path}`)
  }

  return { smtpUrl: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, mails, linkTo }
}

/** As much of SMTP (RFC 5321) as it takes to be given a mail. */
function receive (socket: Socket, keep: (mail: Mail) => void) {
  let to = ''
  let source: string[] | null = null
  socket.write('220 mailbox\r\n')
  createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
    if (source) {
      if (line !== '.') return source.push(line)
      keep({ to, source: readable(source.join('\n')) })
      source = null
    }
    const [, recipient] = /^RCPT TO:<([^>]*)>/i.exec(line) ?? []
    if (recipient !== undefined) to = recipient
    if (/^DATA/i.test(line)) source = []
    socket.write(source ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : '250 fine\r\n')
  })
}

/** Without the marks of quoted-printable (RFC 2045, 6.7). */
const readable = (source: string) => source.replaceAll('=\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
