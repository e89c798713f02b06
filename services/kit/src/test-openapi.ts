import { readFileSync, writeFileSync } from 'node:fs'

/** The OpenAPI file of a service as it is committed; `npm run openapi` (tap --snapshot) writes it anew from `current`. */
export function committedOpenApi (service: 'auth' | 'tasks', current: unknown): unknown {
  const file = new URL(`../../../specs/001-walking-product/contracts/${service}.openapi.json`, import.meta.url)
  if (process.env['TAP_SNAPSHOT'] === '1') writeFileSync(file, `${JSON.stringify(current, null, 2)}\n`)
  return JSON.parse(readFileSync(file, 'utf8'))
}
