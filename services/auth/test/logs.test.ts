import t from 'tap'
import { Writable } from 'node:stream'
import { loggerOptions } from '@daymark/kit/logging'
import { password, startAuth } from './start-auth.ts'

const lines: string[] = []
const stream = new Writable({ write (chunk: Buffer, _encoding, done) { lines.push(chunk.toString()); done() } })
const auth = await startAuth(t, { logger: { ...loggerOptions({ LOG_LEVEL: 'trace' }) as object, stream } })
const { call, signUp, bearer, database } = auth

t.test('FR-108: of requests that are refused or fail, no password, token, address or hash is in the log of the service', async (t) => {
  const ada = await signUp('canary@example.com')
  const canary = 'CANARY-password-1'
  for (const ask of [
    () => call('POST', '/auth/signup', { email: 'canary2@example.com', password: canary, nope: 1 }),
    () => call('POST', '/auth/signup', { email: 'canary@example.com', password: canary }),
    () => call('POST', '/auth/signup', { email: 'canary3@example.com', password: 'short!!' }),
    () => call('POST', '/auth/login', { email: 'canary@example.com', password: canary }),
    () => call('POST', '/auth/login', { email: 'canary@example.com', password: canary, more: true }),
    () => call('POST', '/auth/refresh', { refresh_token: ada.refresh_token, more: 1 }),
    () => call('POST', '/auth/password/reset', { token: ada.refresh_token, password: canary, more: 1 }),
    () => call('GET', `/auth/${ada.access_token}?token=${ada.access_token}`),
    () => call('GET', '/auth/me', undefined, { ...bearer(ada), cookie: `x=${ada.access_token}`, 'x-service-token': ada.access_token }),
  ]) await ask()
  await database.asSuperuser('ALTER TABLE auth.users ADD CONSTRAINT injected CHECK (email <> $$canary4@example.com$$)')
  t.equal((await call('POST', '/auth/signup', { email: 'canary4@example.com', password: canary })).statusCode, 500)

  const log = lines.join('')
  t.equal(lines.filter((line) => line.includes('"req"')).length, 11, 'one line tells of each request')
  for (const secret of [canary, password, 'short!!', ada.access_token, ada.refresh_token, '$argon2', 'canary@', 'canary2@', 'canary3@', 'canary4@']) {
    t.notOk(log.includes(secret), `${secret.slice(0, 10)} is not in the log`)
  }
  t.match(log, /"slug":"email-taken"/)
})
