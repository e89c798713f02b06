import t from 'tap'
import { randomBytes } from 'node:crypto'
import { loadConfig } from '../config.ts'
import { startAuth } from './start-auth.ts'

const { environment } = await startAuth(t)
const problems = (settings: Record<string, string | undefined>) => {
  try {
    loadConfig({ ...environment, ...settings })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test('SEC-16: without a secret of its own, random and of full length, the service does not start', async (t) => {
  t.equal(problems({}), '')
  for (const [why, value] of [
    ['missing', undefined],
    ['empty', ''],
    ['a placeholder', 'changeme'],
    ['a placeholder in base64', `a:${Buffer.from('changeme'.repeat(4)).toString('base64')}`],
    ['a word', 'a:secret'],
    ['zeros', `a:${Buffer.alloc(32).toString('base64')}`],
    ['31 bytes', `a:${randomBytes(31).toString('base64')}`],
    ['one good, one short', `a:${randomBytes(32).toString('base64')},b:${randomBytes(8).toString('base64')}`],
  ] as const) t.match(problems({ KEY_ENCRYPTION_KEYS: value }), /KEY_ENCRYPTION_KEYS/, why)
  t.match(problems({ DATABASE_URL: undefined, SMTP_URL: undefined, MAIL_FROM: undefined, KEY_ENCRYPTION_KEYS: undefined }), /DATABASE_URL[^]*KEY_ENCRYPTION_KEYS[^]*SMTP_URL[^]*MAIL_FROM/, 'nothing of that has a default, and all is told at once')
})

t.test('SEC-42, SEC-46: limits of sessions outside their bounds are refused', async (t) => {
  for (const [name, value] of [['REFRESH_GRACE_SECONDS', '61'], ['REFRESH_GRACE_SECONDS', '-1'], ['ACCESS_TOKEN_SECONDS', '901'], ['SESSION_IDLE_DAYS', '0'], ['SESSIONS_PER_USER', '0'], ['ADMIN_SESSION_HOURS', '0']] as const) {
    t.match(problems({ [name]: value }), new RegExp(name), `${name}=${value}`)
  }
  t.match(problems({ SESSION_IDLE_DAYS: '31', SESSION_ABSOLUTE_DAYS: '30' }), /SESSION_IDLE_DAYS/)
})

t.test('SEC-1: a new password may be asked to be longer than eight characters, not shorter, and never longer than 64', async (t) => {
  for (const least of ['8', '15', '64']) t.equal(problems({ PASSWORD_MIN_LENGTH: least }), '')
  for (const wrong of ['7', '65', '0', 'long']) t.match(problems({ PASSWORD_MIN_LENGTH: wrong }), /PASSWORD_MIN_LENGTH is not valid: 8 to 64/)
})
