import type { Flash } from '../../session/flash.ts'
import { CheckIcon } from './icons.tsx'

const sentences: Record<Exclude<Flash['did'], 'deleted' | 'restored' | 'saved'>, string> = {
  'mail-sent': 'The mail is on its way. Its link works for 24 hours.',
  'email-confirmed': 'The address is confirmed. Thank you.',
  'email-change-asked': 'We mailed a link to the new address. It works for 24 hours; this one stays until you use it.',
  'email-changed': 'The new address is yours to log in with. Every other device was logged out.',
  'account-taken-back': 'The account is yours again, and every device was logged out. We mailed you a link to choose a new password.',
  'password-changed': 'Your password was changed. Every other device was logged out.',
  'password-reset': 'Your password was changed. Log in with the new one.',
  'session-ended': 'That device was logged out.',
  'other-sessions-ended': 'Every other device was logged out.',
}

/** Tells, in the page, what was done to the account. */
export function Told ({ flash }: { flash: Flash | null }) {
  return (
    <div role='status'>
      {flash && !('title' in flash) && <p className='told'><CheckIcon />{sentences[flash.did]}</p>}
    </div>
  )
}
