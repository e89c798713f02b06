import { redirect } from '@remix-run/node'
import { isServiceProblem } from './api/service-problem.ts'

/**
 * Reads the page behind a cursor of an address. An old or foreign one leads to `first`, the page without it, rather than fail.
 * @throws {Response} that redirect
 */
export async function pageBehind<T> (cursor: string, first: string, read: (paging: { cursor?: string }) => Promise<T>): Promise<T> {
  try {
    return await read(cursor === '' ? {} : { cursor })
  } catch (error) {
    if (cursor !== '' && isServiceProblem(error) && error.status === 400) throw redirect(first, 303)
    throw error
  }
}

/** What is given of a query, as the end of an address. */
export const searchOf = (query: Record<string, string>) => {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString()
  return given && `?${given}`
}
