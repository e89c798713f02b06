import t from 'tap'
import fc from 'fast-check'
import Fastify, { type FastifyRequest } from 'fastify'
import { problems } from '../src/problem.ts'
import { network } from '../src/client-address.ts'
import { requestLimits } from '../src/request-limits.ts'

const group = fc.nat(0xFFFF).map((number) => number.toString(16))
const groups = (length: number) => fc.array(group, { minLength: length, maxLength: length })
/** As Node and every proxy spell an address: the longest run of zeros as `::`, lower case, no leading zeros. */
const canonical = (spelling: string) => new URL(`http://[${spelling}]`).hostname.slice(1, -1)

t.test('SEC-31: an IPv6 customer counts as one, whatever address of their /64 they use', async (t) => {
  t.equal(network('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  t.equal(network('2001:db8::1'), '2001:db8:0:0::/64')
  t.equal(network('::1'), '0:0:0:0::/64')
  fc.assert(fc.property(groups(4), groups(4), groups(4), (prefix, one, other) => {
    fc.pre(!prefix.every((number) => number === '0'))
    return network(canonical([...prefix, ...one].join(':'))) === network(canonical([...prefix, ...other].join(':')))
  }))
  fc.assert(fc.property(groups(4), groups(4), groups(4), (prefix, other, host) => {
    fc.pre(prefix.join() !== other.join())
    return network(canonical([...prefix, ...host].join(':'))) !== network(canonical([...other, ...host].join(':')))
  }))
})

t.test('SEC-31: an IPv4 address counts by itself, also one that came in by IPv6', async (t) => {
  fc.assert(fc.property(fc.ipV4(), (address) => network(address) === address && network(`::ffff:${address}`) === address))
})

t.test('an address never makes it throw', async (t) => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), fc.string()), (address) => typeof network(address) === 'string'), { numRuns: 1000 })
  fc.assert(fc.property(fc.array(fc.constantFrom(':', '::', '0', 'ffff', '.', '%', '1'), { maxLength: 30 }), (parts) => typeof network(parts.join('')) === 'string'), { numRuns: 1000 })
})

t.test('SEC-31: one address counts as one, however it is spelt', async (t) => {
  fc.assert(fc.property(fc.ipV6(), (address) => {
    return network(address.toUpperCase()) === network(canonical(address)) || address.includes('%')
  }))
})

t.test('the limit is by account, else by network', async (t) => {
  const app = Fastify()
  await app.register(problems)
  app.addHook('onRequest', async (request: FastifyRequest) => {
    const sub = request.headers['x-account']
    if (typeof sub === 'string') Object.assign(request, { user: { sub } })
  })
  await app.register(requestLimits, { perMinute: 2 })
  app.addHook('onRequest', (request, reply) => app.countRequest(request, reply, ({ headers }) => String(headers['x-address'])))
  app.get('/', async () => 'served')
  t.teardown(() => app.close())
  const get = (headers: Record<string, string>) => app.inject({ url: '/', headers })
  const statuses = async (...requests: Array<Record<string, string>>) => {
    const given = []
    for (const headers of requests) given.push((await get(headers)).statusCode)
    return given
  }
  t.same(await statuses({ 'x-address': '2001:db8::1' }, { 'x-address': '2001:db8::2' }, { 'x-address': '2001:db8::3' }), [200, 200, 429], 'one network')
  t.same(await statuses({ 'x-address': '2001:db8:0:1::1' }, { 'x-address': '192.0.2.1' }), [200, 200], 'another network')
  const ada = { 'x-account': 'ada', 'x-address': '2001:db8::1' }
  t.same(await statuses(ada, { ...ada, 'x-address': '192.0.2.7' }, ada, { ...ada, 'x-account': 'bob' }), [200, 200, 429, 200], 'an account is one wherever it is')
  const refused = await get(ada)
  t.match(refused.json(), { type: '/problems/too-many-requests', status: 429 })
  t.match(refused.headers, { 'retry-after': /^\d+$/ })
})
