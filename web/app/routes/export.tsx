import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { FormSummary } from '../components/checked-form.tsx'
import { requireUser } from '../require-user.server.ts'

export const meta: MetaFunction = () => [{ title: 'Download your data · Daymark' }]

export async function loader ({ request, context }: LoaderFunctionArgs) {
  requireUser(context)
  return { isAway: new URL(request.url).searchParams.get('problem') === 'away' }
}

export default function ExportPage () {
  const { isAway } = useLoaderData<typeof loader>()
  return (
    <div className='sheet'>
      <h1>Your data, in one file</h1>
      <p className='sheet__lead'>Your account, where it is logged in, what happened to it, and all your tasks, lists and labels, with what is in the trash, as JSON. No password is in it, nor anything else that opens your account.</p>
      <div className='form'>
        {isAway && <FormSummary answer={{ values: {}, errors: {}, problem: 'The file cannot be put together right now, because a part of Daymark is away. Please try again in a moment.' }} />}
        <a className='button button--wide' href='/settings/export/daymark.json'>Download</a>
      </div>
      <p className='sheet__else'>The history of changes is not in it. Another Daymark can <Link to='/settings/import'>import</Link> the tasks, lists and labels as they are.</p>
      <p className='sheet__else'><a href='/settings/export/tasks.csv'>Download the tasks as CSV</a>, for a spreadsheet</p>
      <p className='sheet__else'><Link to='/settings'>Back to the settings</Link></p>
    </div>
  )
}
