import { FormatRegistry, type Static, type TSchema, TypeGuard } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

FormatRegistry.Set('uuid', (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
FormatRegistry.Set('date', (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)))
FormatRegistry.Set('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text)))

/** A service answered with something its contract does not promise. Tells where, never what: values may be private. */
export class ContractBroken extends Error {
  constructor (contract: string, paths: readonly string[]) {
    super(`An answer does not keep to ${contract}: ${paths.join(', ')}`)
    this.name = 'ContractBroken'
  }
}

/**
 * Gives a function that hands on a service's answer if it keeps to `schema`.
 * Fields it does not name are let pass: a newer service may already send them.
 * @throws {ContractBroken} for any other answer
 */
export function contractCheck<T extends TSchema> (schema: T, references: TSchema[] = []): (answer: unknown) => Static<T> {
  const check = TypeCompiler.Compile(openEnded(schema), references.map((reference) => openEnded(reference)))
  return (answer) => {
    if (check.Check(answer)) return answer
    throw new ContractBroken(schema.$id ?? 'its contract', [...check.Errors(answer)].map(({ path }) => path || '/'))
  }
}

/** The same schema, to any depth, without the rule against further fields. */
function openEnded<T> (schema: T): T {
  if (Array.isArray(schema)) return schema.map((part: unknown) => openEnded(part)) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: Record<PropertyKey, unknown> = {}
  for (const key of Reflect.ownKeys(schema)) {
    if (key === 'additionalProperties' && TypeGuard.IsObject(schema)) continue
    copy[key] = openEnded((schema as Record<PropertyKey, unknown>)[key])
  }
  return copy as T
}
