import { type ActionFunctionArgs, type AppLoadContext, type LoaderFunctionArgs, type MetaFunction, data, redirect } from '@remix-run/node'
import { Form, Link, useActionData, useNavigation } from '@remix-run/react'
import { answerUnreached } from '../answer-unreached.ts'
import type { TasksFile } from '../api/tasks-client.server.ts'
import { isServiceAway, isServiceProblem } from '../api/service-problem.ts'
import { FormSummary, useCheckedForm } from '../components/checked-form.tsx'
import { FormToken, revalidateAfterRefusal } from '../components/form-token.tsx'
import { isAnythingNew, WhatComes } from '../components/what-comes.tsx'
import { type FormAnswer, keptValues } from '../forms/form-answer.ts'
import { fileTooLarge, type ImportAnswer, mostFileBytes } from '../forms/import-form.ts'
import { refusedForm } from '../forms/refused-form.server.ts'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Import tasks · Daymark' }]

export const shouldRevalidate = revalidateAfterRefusal

export const clientAction = answerUnreached

export async function loader ({ context }: LoaderFunctionArgs) {
  requireUser(context)
  return null
}

/** Reads a file and tells what it would bring; then, when that is confirmed, brings it in. */
export async function action ({ request, context }: ActionFunctionArgs) {
  requireUser(context)
  const form = await request.formData()
  const values = keptValues(form)
  const { intent, file = '' } = values
  if ([...form.keys()].sort().join() !== 'file,intent' || !['check', 'import'].includes(intent ?? '')) {
    return data<ImportAnswer>({ values: {}, errors: {}, problem: 'This form was not one of ours. Please reload the page and try again.' }, { status: 422 })
  }
  const atFile = (message: string, status = 422) => data<ImportAnswer>({ values: {}, errors: { file: message } }, { status })
  if (file.trim() === '') return atFile('Choose a file that has something in it.')
  if (file.includes('\0')) return atFile('This file is no text. Choose the JSON file that Daymark gave, or the CSV file that Todoist gave.')
  if (intent === 'check' && Buffer.byteLength(file) > mostFileBytes) return atFile(fileTooLarge, 413)
  try {
    return await (intent === 'check' ? lookAt(file, context) : bringIn(file, context))
  } catch (error) {
    if (isServiceAway(error)) return data<ImportAnswer>({ values, errors: {}, problem: 'Daymark cannot take the file in right now, because a part of it is away or busy with others. It is still here: please try again in a moment. Nothing comes twice.' }, { status: 503 })
    if (isServiceProblem(error) && error.status === 413) return atFile(error.detail ?? fileTooLarge, 413)
    const { data: answer, init } = refusedForm(error, values)
    if (answer.problem === undefined || init?.status === 429) return data<ImportAnswer>(answer, init ?? {})
    return atFile(answer.problem, init?.status)
  }
}

async function lookAt (file: string, { tasks }: AppLoadContext) {
  const report = await tasks.imported(asTasksFile(file), { isDry: true })
  return data<ImportAnswer>({ values: { file, intent: 'import' }, errors: {}, report })
}

async function bringIn (file: string, context: AppLoadContext) {
  const { change_seq: change, lists, labels, tasks } = await context.tasks.imported(asTasksFile(file), { isDry: false })
  const others = [[lists.created, 'list'], [labels.created, 'label']].flatMap(([count, name]) => count === 0 ? [] : [`${count!.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`])
  context.flash({ did: 'imported', title: '', count: tasks.created, change, ...others.length > 0 && { left: `With ${others.join(' and ')}.` } })
  return redirect('/dashboard', 303)
}

/** A JSON object begins with a brace, and no CSV file of Todoist does. */
const asTasksFile = (text: string): TasksFile => ({ type: text.trimStart().startsWith('{') ? 'application/json' : 'text/csv', text })

export default function ImportPage () {
  const answer = useActionData<typeof action>() as ImportAnswer | undefined
  const { file, intent } = answer?.values ?? {}
  return (
    <div className='sheet'>
      <h1>Import tasks</h1>
      {file === undefined || file === '' ? <ChooseFile answer={answer} /> : <SendFile answer={answer!} file={file} intent={intent === 'import' ? 'import' : 'check'} />}
      <p className='sheet__else'><Link to='/settings'>Back to the settings</Link></p>
    </div>
  )
}

function ChooseFile ({ answer: served }: { answer: FormAnswer | undefined }) {
  const { answer, formProps: { ref } } = useCheckedForm({}, served)
  const isSending = useNavigation().formAction === '/settings/import'
  const error = answer?.errors['file']
  return (
    <>
      <p className='sheet__lead'>From a file that Daymark gave, or a project as Todoist exports it. You see first what it would bring; nothing that is here already is changed.</p>
      <Form className='form' method='post' action='/settings/import' encType='multipart/form-data' ref={ref}>
        <FormToken />
        <input type='hidden' name='intent' value='check' />
        <FormSummary answer={answer} />
        <div className='field'>
          <label className='field__label' htmlFor='file'>File</label>
          <input className='field__control' id='file' name='file' type='file' accept='.json,.csv,application/json,text/csv' required aria-invalid={error ? true : undefined} aria-describedby={error ? 'file-error file-hint' : 'file-hint'} />
          {error && <p className='field__error' id='file-error' role='alert'>{error}</p>}
          <p className='field__hint' id='file-hint'>JSON from Daymark or CSV from Todoist, of at most 10 MB.</p>
        </div>
        <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'Reading…' : 'Read the file'}</button>
      </Form>
    </>
  )
}

/** Carries the text of the file, so that it need not be chosen again. */
function SendFile ({ answer, file, intent }: { answer: ImportAnswer, file: string, intent: 'check' | 'import' }) {
  const { formProps: { ref } } = useCheckedForm({}, answer)
  const isSending = useNavigation().formAction === '/settings/import'
  const { report } = answer
  const button = intent === 'check' ? 'Read the file' : 'Import'
  return (
    <>
      {report && <WhatComes report={report} />}
      {(!report || isAnythingNew(report)) && (
        <Form className='form' method='post' action='/settings/import' encType='multipart/form-data' ref={ref}>
          <FormToken />
          <input type='hidden' name='intent' value={intent} />
          <textarea name='file' value={file} hidden readOnly />
          <FormSummary answer={answer} />
          <button className='button button--wide' aria-disabled={isSending || undefined}>{isSending ? 'One moment…' : button}</button>
        </Form>
      )}
      <p className='sheet__else'><Link to='/settings/import'>Choose another file</Link></p>
    </>
  )
}
