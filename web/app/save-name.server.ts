import { data } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'
import type { NameAnswer } from './components/name-form.tsx'
import { nameEditionOf, readNameEdition } from './edition.server.ts'
import type { FormGuide } from './forms/field-rules.ts'
import type { ReadForm } from './forms/form-reader.server.ts'
import { refusedForm } from './forms/refused-form.server.ts'

interface Named { name: string, colour: string }

interface SaveName<T extends Named> {
  guide: FormGuide
  save: (fields: Omit<T, 'edition'>, etag: string) => Promise<Response>
  /** What it is now, with its ETag. */
  read: () => Promise<{ now: Named, etag: string }>
}

/** Saves a name and a colour, unless somebody else has changed them since the form was made: then it shows both, and saves nothing. */
export async function saveName<T extends Named & { edition: string }> (form: ReadForm<T>, { guide, save, read }: SaveName<T>) {
  if (!form.ok) return data<NameAnswer>(form.answer, { status: 422 })
  const { edition, ...fields } = form.value
  const begun = readNameEdition(edition)
  if (!begun) return data<NameAnswer>({ values: form.values, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  const refused = (error: unknown) => refusedForm(error, form.values, guide)
  try {
    return await save(fields, begun.etag)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 412) return refused(error)
    const { now, etag } = await read()
    // Moved or archived meanwhile, but called as it was: nobody's words are lost by saving these.
    if (begun.isOf(now)) return await save(fields, etag).catch(refused)
    return data<NameAnswer>({ values: form.values, errors: {}, conflict: { text: { name: now.name, colour: now.colour }, edition: nameEditionOf(now, etag) } }, { status: 412 })
  }
}
