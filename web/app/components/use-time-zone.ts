import { useRouteLoaderData } from '@remix-run/react'
import type { loader } from '../root.tsx'

/** The zone that the signed-in person chose; undefined where they chose none, or one that this browser is too old to know. */
export function useTimeZone (): string | undefined {
  const timeZone = useRouteLoaderData<typeof loader>('root')?.user?.timeZone ?? undefined
  try {
    Intl.DateTimeFormat('en', { timeZone })
    return timeZone
  } catch {
    return undefined
  }
}
