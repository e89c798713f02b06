import type { MetaFunction } from '@remix-run/node'
import { Link } from '@remix-run/react'

export const meta: MetaFunction = () => [{ title: 'Goodbye · Daymark' }]

export default function GoodbyePage () {
  return (
    <div className='sheet'>
      <h1>Your account is gone</h1>
      <p className='sheet__lead'>With everything that was in it. A last mail confirms it; after that we have no address to write to.</p>
      <p className='sheet__else'><Link to='/'>To the first page</Link></p>
    </div>
  )
}
