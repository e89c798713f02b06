import type { Flash, TaskFlash } from '../../session/flash.ts'
import { CheckIcon } from './icons.tsx'

const sentences: Record<Exclude<Flash['did'], TaskFlash['did']>, string> = {
  'profile-saved': 'Your profile is saved.',
  'mail-sent': 'The mail is on its way. Its link works for 24 hours.',
  'email-confirmed': 'The address is confirmed. Thank you.',
  'email-change-asked': 'We mailed a link to the new address. It works for 24 hours; this one stays until you use it.',
  'email-changed': 'The new address is yours to log in with. Every other device was logged out.',
  'account-taken-back': 'The account is yours again, and every device was logged out. We mailed you a link to choose a new password.',
  'password-changed': 'Your password was changed. Every other device was logged out.',
  'password-reset': 'Your password was changed. Log in with the new one.',
  'session-ended': 'That device was logged out.',
  'other-sessions-ended': 'Every other device was logged out.',
  'user-disabled': 'The account is disabled, and logged out everywhere.',
  'user-enabled': 'The account is enabled. Its owner can log in again.',
  'admin-made': 'The account is an administrator now. Its owner has to log in anew.',
  'admin-unmade': 'The account is no administrator any more, and logged out everywhere.',
  'user-logged-out': 'The account is logged out everywhere.',
  'reset-sent': 'The mail is on its way to its owner. The link works for 30 minutes.',
  'key-rotated': 'The next key signs from now on.',
  'key-withdrawn': 'The key is withdrawn. Whatever it signed is refused.',
  'logged-out': 'You were logged out.',
  'trash-emptied': 'The trash is empty. What was in it is gone for good.',
}

/** Tells, in the page, what was done to more than a task. */
export function Told ({ flash }: { flash: Flash | null }) {
  return (
    <div role='status'>
      {flash && !('title' in flash) && <p className='told'><CheckIcon />{sentences[flash.did]}</p>}
    </div>
  )
}
