import { isRouteErrorResponse, useLocation, useRouteError, useRouteLoaderData } from '@remix-run/react'
import { isNetworkError } from '../answer-unreached.ts'

interface Trouble { title: string, advice: string, mayRetry: boolean }

const byStatus: Record<number, Trouble> = {
  404: { title: 'There is nothing here', advice: 'The address may be mistyped, or what was here has been deleted. Deleted tasks wait in the trash for a while.', mayRetry: false },
  405: { title: 'This page cannot do that', advice: 'Please go back and try it from the page itself.', mayRetry: false },
  413: { title: 'That was too much at once', advice: 'What you sent is larger than anything Daymark keeps. Please go back and shorten it.', mayRetry: false },
  415: { title: 'That could not be read', advice: 'It was not sent by one of our forms. Please go back and try again.', mayRetry: false },
  429: { title: 'One moment, please', advice: 'That was a lot of requests in a short time. Wait a minute, then try again.', mayRetry: true },
  503: { title: 'Daymark is catching its breath', advice: 'A part of it cannot be reached right now. You are still signed in and nothing is lost; it is usually back within a minute.', mayRetry: true },
}
const unexpected: Trouble = { title: 'Something went wrong', advice: 'It was nothing you did, and it has been noted. Please try again.', mayRetry: true }
const offline: Trouble = { title: 'You seem to be offline', advice: 'Daymark could not be reached from here. Check your connection, then try again.', mayRetry: true }

/** Tells a person what went wrong and what to do about it; never what a program said. */
export function TroublePage () {
  const error = useRouteError()
  const { pathname, search } = useLocation()
  const isSignedIn = Boolean(useRouteLoaderData<{ user: object | null }>('root')?.user)
  const answer = isRouteErrorResponse(error) ? error : null
  const { title, advice, mayRetry } = troubleOf(error)
  const reference = (answer?.data as { reference?: string } | null | undefined)?.reference
  return (
    <div className='trouble'>
      {answer && <p className='trouble__status'>{answer.status}</p>}
      <h1>{title}</h1>
      <p className='trouble__advice'>{advice}</p>
      <p className='trouble__ways'>
        {mayRetry && <a className='button' href={pathname + search}>Try again</a>}
        {isSignedIn ? <a className='button button--quiet' href='/dashboard'>To your tasks</a> : <a className='button button--quiet' href='/'>To the start page</a>}
      </p>
      {reference && <p className='trouble__reference'>Reference: <code>{reference}</code></p>}
    </div>
  )
}

/** What to say of an error, whatever it is. */
export function troubleOf (error: unknown): Trouble {
  if (isRouteErrorResponse(error)) return byStatus[error.status] ?? unexpected
  return isNetworkError(error) ? offline : unexpected
}
