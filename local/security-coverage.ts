import { globSync, readFileSync } from 'node:fs'
import { runAsCommand } from '@daymark/db/command'
import ts from 'typescript'
import { root } from './children.ts'

interface Item { number: number, parts: string, waitsFor: string | undefined, text: string }
interface Proof { file: string, name: string }

/** The requirements, in their order. @throws {Error} where their numbers have a gap */
export function readItems (markdown: string): Item[] {
  const items = [...markdown.matchAll(/^(\d+)\. \[([\w/]+)\] (?:\*Waits for (.+?)\.\* )?(.+)$/gm)]
    .map(([, number, parts = '', waitsFor, text = '']) => ({ number: Number(number), parts, waitsFor, text }))
  if (items.length === 0 || items.some(({ number }, index) => number !== index + 1)) throw new Error('The requirements are not numbered from 1 without a gap')
  return items
}

/** The names of the tests in a file: what a `test` is called, and the `why` of a table whose rows are tests. */
export function testNames (source: string): string[] {
  const names: string[] = []
  const take = (node: ts.Node | undefined) => {
    if (!node) return
    if (ts.isStringLiteralLike(node)) names.push(node.text)
    if (ts.isTemplateExpression(node)) names.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'))
  }
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'test') take(node.arguments[0])
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'why') take(node.initializer)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('test.ts', source, ts.ScriptTarget.Latest, true))
  return names
}

/** The items that a name says it proves: `SEC-41`, or `SEC-41 to SEC-44` with all between. */
export function itemsNamed (name: string): number[] {
  return [...name.matchAll(/SEC-(\d+)(?: to SEC-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Math.max(0, Number(last) - Number(first) + 1) }, (_, n) => Number(first) + n))
}

/** Which tests prove which item, and what is wrong with that, each in a sentence. */
export function coverage (items: Item[], proofs: Proof[]) {
  const proven = new Map<number, Proof[]>()
  for (const proof of proofs) for (const number of new Set(itemsNamed(proof.name))) proven.set(number, [...proven.get(number) ?? [], proof])
  const faults = [
    ...items.filter(({ number, waitsFor }) => waitsFor === undefined && !proven.has(number)).map(({ number, text }) => `SEC-${number} has no test: ${text}`),
    ...items.filter(({ number, waitsFor }) => waitsFor !== undefined && proven.has(number)).map(({ number, waitsFor }) => `SEC-${number} has a test and is said to wait for ${waitsFor}`),
    ...[...proven].filter(([number]) => !items.some((item) => item.number === number)).map(([number, [proof]]) => `SEC-${number} is no requirement, but named in ${proof?.file}`),
  ]
  return { proven, faults }
}

/** Reads the requirements and every test of the repository. */
export function securityCoverage () {
  const items = readItems(readFileSync(`${root}/specs/security-requirements.md`, 'utf8'))
  const files = globSync('{services/*,web,db,local}/test/**/*.test.ts', { cwd: root }).sort()
  const proofs = files.flatMap((file) => testNames(readFileSync(`${root}/${file}`, 'utf8')).map((name) => ({ file, name })))
  return { items, ...coverage(items, proofs) }
}

async function main () {
  const { items, proven, faults } = securityCoverage()
  const clip = (text: string, width: number) => text.length > width ? `${text.slice(0, width - 1)}…` : text
  for (const { number, parts, waitsFor, text } of items) {
    console.log(`${String(number).padStart(2)} [${parts}] ${clip(text, 100)}`)
    if (waitsFor !== undefined) console.log(`     waits for ${waitsFor}`)
    for (const { file, name } of proven.get(number) ?? []) console.log(`     ${file}: ${clip(name, 120)}`)
  }
  const waiting = items.filter(({ waitsFor }) => waitsFor !== undefined).length
  console.log(`\n${items.length} items: ${items.filter(({ number }) => proven.has(number)).length} proven, ${waiting} waiting`)
  for (const fault of faults) console.error(`✗ ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}

await runAsCommand(import.meta.url, 'npm run security:coverage: which test proves which item of specs/security-requirements.md', main)
