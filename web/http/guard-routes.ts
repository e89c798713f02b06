import { type ActionFunctionArgs, type LoaderFunctionArgs, type ServerBuild, data, redirect } from '@remix-run/node'
import { isServiceAway, isServiceProblem, isSignInNeeded, isStepUpNeeded } from '../app/api/service-problem.ts'
import type { FormAnswer } from '../app/forms/form-answer.ts'
import { busyWithFiles, fileTooLarge } from '../app/forms/import-form.ts'
import type { Refusal } from '../app/load-context.ts'

/**
 * Wraps every loader and action of the app, whoever writes it: a refused request runs no action (SEC-74),
 * and what services throw becomes an answer with the right status.
 */
export function guardRoutes (build: ServerBuild): ServerBuild {
  const routes = Object.entries(build.routes).map(([id, route]) => {
    if (!route) return [id, route]
    const { action, loader } = route.module
    return [id, {
      ...route,
      module: {
        ...route.module,
        ...action && {
          action: (args: ActionFunctionArgs) => args.context.refusal ? refused(args.context.refusal, args.context.user === null) : answering(args, () => action(args)),
        },
        ...loader && { loader: (args: LoaderFunctionArgs) => answering(args, () => loader(args)) },
      },
    }]
  })
  return { ...build, routes: Object.fromEntries(routes) as ServerBuild['routes'] }
}

async function answering<T> (args: LoaderFunctionArgs | ActionFunctionArgs, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asResponse(error, args)
  }
}

function asResponse (error: unknown, { request, context }: LoaderFunctionArgs | ActionFunctionArgs): unknown {
  if (!(error instanceof Error)) return error
  if (isSignInNeeded(error)) {
    if (context.hadSession && !context.user) context.flash({ did: 'logged-out' })
    return redirect(byWayOf('/login', request), 303)
  }
  if (isStepUpNeeded(error)) return redirect(byWayOf('/confirm', request), 303)
  const told = { reference: context.requestId }
  if (isServiceAway(error)) return data({ ...told, kind: 'away' as const }, { status: 503 })
  if (isServiceProblem(error) && error.type.endsWith('/admins-only')) return data(told, { status: 404 }) // no longer an administrator
  if (isServiceProblem(error) && [404, 429].includes(error.status)) return data(told, { status: error.status })
  context.report(error)
  return data(told, { status: 500 })
}

/** The way to a page that leads back here: to the page, not to the data that a script asked for. */
export function byWayOf (page: '/login' | '/confirm', request: Request): string {
  const { pathname, search } = new URL(request.url)
  return `${page}?${new URLSearchParams({ next: pathname + search })}`
}

function refused (refusal: Refusal, isSignedOut: boolean) {
  if (refusal.reason === 'unreadable') throw data(null, { status: refusal.status })
  if (refusal.reason === 'no-file') return data<FormAnswer>({ values: {}, errors: { file: refusal.status === 413 ? fileTooLarge : busyWithFiles } }, { status: refusal.status })
  const answer: FormAnswer = {
    values: refusal.values,
    errors: {},
    problem: refusal.reason === 'stale-form'
      ? 'This page had been open for too long, or you have signed in anew since. Nothing was changed. What you typed is still here: please send it again.'
      : 'Your browser did not confirm that this came from this page, so nothing was changed. What you typed is still here: please send it again.',
    ...isSignedOut && { isSignedOut: true as const },
  }
  return data(answer, { status: 403 })
}
