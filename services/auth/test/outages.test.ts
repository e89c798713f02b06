import t from 'tap'
import { createTestDatabase } from '@daymark/kit/test-database'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startAuth } from './start-auth.ts'

/** The service, and the line to its database, which can be cut. */
async function start (t: Parameters<typeof startAuth>[0]) {
  const database = await createTestDatabase(t)
  const { hostname, port } = new URL(database.urlFor('auth_service'))
  const open = new Set<Socket>()
  let isCut = false
  const line = createServer((client) => {
    if (isCut) return client.destroy()
    const server = connect(Number(port), hostname)
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => {
        open.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    return client.pipe(server).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(line, 'listening')
  const auth = await startAuth(t, { beside: { database, settings: {} }, port: (line.address() as AddressInfo).port })
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    line.close()
  })
  const cut = () => {
    isCut = true
    for (const socket of open) socket.destroy()
  }
  return { auth, cut, mend: () => { isCut = false } }
}

t.test('SEC-88: while the database is away every request is answered by 503, and none is left behind when it is back', async (t) => {
  const { auth, cut, mend } = await start(t)
  const ada = await auth.signUp()
  cut()
  const answers = Array.from({ length: 60 }, () => auth.refresh(ada.refresh_token))
  await delay(500)
  mend()
  for (const { statusCode } of await Promise.all(answers)) t.ok([200, 503].includes(statusCode), String(statusCode))
  let after = await auth.refresh(ada.refresh_token)
  while (after.statusCode === 503) after = await auth.refresh(ada.refresh_token) // on a busy machine the first to come back may be told to come again
  t.equal(after.statusCode, 200)
})

t.test('SEC-88: a token that cannot be verified for want of the database is not called invalid', async (t) => {
  const { auth, cut, mend } = await start(t)
  const ada = await auth.signUp()
  await delay(1100) // the keys in memory are good for a second
  cut()
  for (const [method, url, body] of [['GET', '/auth/me'], ['GET', '/auth/sessions'], ['POST', '/auth/step-up', { password: 'x' }]] as const) {
    const answer = await auth.call(method, url, body, auth.bearer(ada))
    t.equal(answer.statusCode, 503, url)
    t.equal(answer.headers['www-authenticate'], undefined)
    t.match(answer.headers['retry-after'], /^\d+$/)
  }
  mend()
  t.equal((await auth.call('GET', '/auth/me', undefined, auth.bearer(ada))).statusCode, 200)
})
