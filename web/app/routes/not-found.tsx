import { data } from '@remix-run/node'

/** A page for every address that is none, so that it is told within the frame of the app. */
export function loader () {
  throw data(null, { status: 404 })
}

export const action = loader

export default function NotFound () {
  return null
}
