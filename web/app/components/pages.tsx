import { Link } from '@remix-run/react'

/** The ways on from a page of a long list, and back to its beginning. */
export function Pages ({ first, next }: { first: string | null, next: string | null }) {
  if (first === null && next === null) return null
  return (
    <nav className='pages' aria-label='Pages'>
      {first !== null && <Link className='button button--quiet' to={first}>First page</Link>}
      {next !== null && <Link className='button button--quiet' to={next}>Next page</Link>}
    </nav>
  )
}
