import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import t from 'tap'

const root = dirname(dirname(import.meta.dirname))

t.test('.env.example explains every setting of the contract, and no other', async (t) => {
  const contract = readFileSync(`${root}/specs/001-walking-product/contracts/configuration.md`, 'utf8')
  const rows = contract.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.split('|')[1] ?? '')
  const local = contract.slice(contract.indexOf('## local'))
  const expected = new Set([...rows.join(' ').matchAll(/`([A-Z][A-Z0-9_]+)`/g), ...local.matchAll(/`([A-Z][A-Z0-9_]+)` [`\d]/g)].map(([, name]) => name))

  const example = readFileSync(`${root}/.env.example`, 'utf8').split('\n')
  const names = example.map((line) => /^#?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1]).filter((name) => name !== undefined)
  t.same([...new Set(names)].filter((name) => !expected.has(name)), [], 'named there, not in the contract')
  t.same([...expected].filter((name) => !names.includes(name ?? '')), [], 'in the contract, not named there')
})
