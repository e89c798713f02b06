import type { ManagedUser } from '@daymark/auth/contracts'

/** What sets an account apart from an ordinary one. */
export function Marks ({ user: { role, status, email_verified: isConfirmed } }: { user: Pick<ManagedUser, 'role' | 'status' | 'email_verified'> }) {
  return (
    <p className='marks'>
      {role === 'admin' && <span className='mark'>Administrator</span>}
      {status === 'disabled' && <span className='mark mark--danger'>Disabled</span>}
      {!isConfirmed && <span className='mark mark--quiet'>Address not confirmed</span>}
    </p>
  )
}
