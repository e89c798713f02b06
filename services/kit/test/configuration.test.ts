import t from 'tap'
import { type Static, Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { ConfigurationError, demandVerifiedTls, loadConfiguration, originOf, processSettings, secretBytes, secretProblem, serviceSettings } from '../src/configuration.ts'

const Config = Type.Object({ ...processSettings({ port: 3001, internalPort: 3101 }), ...serviceSettings, KEY: Type.String({ description: '32 random bytes in base64' }) })
const good = {
  DAYMARK_ENV: 'production',
  DATABASE_URL: 'postgresql://tasks_service:password@db.example.com:5432/daymark?sslmode=verify-full',
  KEY: randomBytes(32).toString('base64'),
}
const load = (env: Record<string, string | undefined>) => loadConfiguration(Config, env, [
  demandVerifiedTls,
  ({ KEY }: Static<typeof Config>) => [secretProblem('KEY', KEY)],
])
const problemsOf = (env: Record<string, string | undefined>): readonly string[] => {
  try {
    load(env)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

t.test('a good environment is read, converted and frozen, with what is not said by default', async (t) => {
  const config = load({ ...good, PORT: '4000', DATABASE_NAMED_STATEMENTS: 'true', REDIS_URL: '', UNKNOWN: 'x' })
  t.match(config, { PORT: 4000, INTERNAL_PORT: 3101, HOST: '127.0.0.1', DATABASE_NAMED_STATEMENTS: true, ALLOW_PLAINTEXT_DATABASE: false, DATABASE_POOL_SIZE: 10 })
  t.notOk('UNKNOWN' in config)
  t.equal(config.REDIS_URL, undefined, 'an empty variable is none')
  t.throws(() => { (config as { PORT: number }).PORT = 1 })
})

t.test('everything that is wrong is told at once, by name', async (t) => {
  t.same(problemsOf({ DATABASE_URL: 'mysql://x', PORT: 'many', LOG_LEVEL: 'loud' }).map((problem) => problem.split(/[ :]/)[0]).sort(), ['DATABASE_URL', 'DAYMARK_ENV', 'KEY', 'LOG_LEVEL', 'PORT'])
  const plain = { ...good, DATABASE_URL: good.DATABASE_URL.replace('verify-full', 'require'), KEY: Buffer.alloc(32).toString('base64') }
  t.same(problemsOf(plain).map((problem) => problem.split(' ')[0]), ['DATABASE_URL', 'KEY'], 'also by several rules')
  t.match(new ConfigurationError(problemsOf(plain)).message, /^The configuration is not usable:\n {2}- DATABASE_URL.*\n {2}- KEY/)
})

for (const [name, value] of [
  ['DAYMARK_ENV', 'prod'], ['DAYMARK_ENV', ' production'], ['PORT', '65536'], ['PORT', '1.5'], ['PORT', '1e3'], ['PORT', '-1'], ['PORT', '0x10z'], ['LOG_LEVEL', 'INFO'],
  ['DATABASE_URL', 'postgresql://db.example.com/daymark'], ['DATABASE_URL', 'http://a@b/c'], ['DATABASE_POOL_SIZE', '0'], ['DATABASE_POOL_SIZE', '1001'],
  ['ALLOW_PLAINTEXT_DATABASE', 'yes'], ['DATABASE_NAMED_STATEMENTS', 'maybe'], ['REDIS_URL', 'http://x'], ['SHUTDOWN_SECONDS', '0'], ['RATE_LIMIT_PER_MINUTE', 'Infinity'],
] as const) {
  t.test(`${name}=${value} is refused`, async (t) => {
    const problems = problemsOf({ ...good, [name]: value })
    t.equal(problems.length, 1)
    t.match(problems[0], new RegExp(`^${name} `))
  })
}

t.test('what is wrong is told without the values', async (t) => {
  const secret = randomBytes(8).toString('hex')
  for (const name of ['DATABASE_URL', 'KEY', 'REDIS_URL', 'PORT']) t.notMatch(problemsOf({ ...good, [name]: secret }).join(), secret)
})

t.test('a database is spoken to over verified TLS', async (t) => {
  const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'no-verify', '']
  for (const DAYMARK_ENV of ['development', 'staging', 'production']) {
    for (const mode of modes) {
      t.match(problemsOf({ ...good, DAYMARK_ENV, DATABASE_URL: good.DATABASE_URL.replace('verify-full', mode) }), [/^DATABASE_URL must say sslmode=verify-full/], `${DAYMARK_ENV} ${mode}`)
    }
    const relaxed = problemsOf({ ...good, DAYMARK_ENV, DATABASE_URL: good.DATABASE_URL.replace('verify-full', 'disable'), ALLOW_PLAINTEXT_DATABASE: 'true' })
    t.same(relaxed, DAYMARK_ENV === 'development' ? [] : ['ALLOW_PLAINTEXT_DATABASE is for development alone'])
  }
  t.equal(problemsOf({ ...good, DATABASE_URL: good.DATABASE_URL.replace('?', '?x=sslmode=verify-full&sslmode=disable&') }).length, 1, 'not by the looks of it')
})

t.test('SEC-16: a secret is exactly so many random bytes, and no placeholder', async (t) => {
  const random = randomBytes(32)
  t.same(secretBytes('KEY', random.toString('base64')), random)
  const bad = {
    'too short': randomBytes(31).toString('base64'),
    'too long': randomBytes(33).toString('base64'),
    'a word': 'changeme',
    'not base64': `${random.toString('base64').slice(0, -2)}!=`,
    'with blanks': ` ${random.toString('base64')}`,
    hex: random.toString('hex'),
    zeros: Buffer.alloc(32).toString('base64'),
    'a repeated word': Buffer.from('changeme'.repeat(4)).toString('base64'),
    'one letter': Buffer.alloc(32, 'x').toString('base64'),
    nothing: '',
  }
  for (const [what, value] of Object.entries(bad)) {
    t.throws(() => secretBytes('KEY', value), { message: /^KEY / }, what)
    t.type(secretProblem('KEY', value), 'string')
    t.equal(problemsOf({ ...good, KEY: value }).length, 1)
  }
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
    const value = Buffer.from(bytes).toString('base64')
    return secretProblem('KEY', value) === (new Set(bytes).size < 8 ? 'KEY is a placeholder: make one with openssl rand -base64 32' : false)
  }))
})

t.test('an origin is a scheme, a host and a port', async (t) => {
  for (const origin of ['https://tasks.example.com', 'http://localhost:3002']) t.equal(originOf('O', origin), false)
  for (const other of ['https://tasks.example.com/', 'https://tasks.example.com/x', 'tasks.example.com', 'https://TASKS.example.com', 'https://a@b', '', 'null']) t.type(originOf('O', other), 'string', other)
})
