import type { ReactNode } from 'react'

/** Says that a mailed link leads nowhere any more, and the way on. */
export function DeadLink ({ children }: { children: ReactNode }) {
  return (
    <div className='sheet'>
      <h1>This link no longer works</h1>
      <p className='sheet__lead' role='status'>It has expired, was used already, or did not arrive whole. {children}</p>
    </div>
  )
}
