/** A mail as the transport takes it. */
export interface Message { to: string, subject: string, text: string, html: string }

interface Letter { subject: string, lines: string[], link?: { label: string, url: string }, closing: string[] }

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** The same letter as plain text and as HTML that needs no pictures, styles or scripts of others. */
function compose (to: string, { subject, lines, link, closing }: Letter): Message {
  const paragraph = (text: string) => `<p>${escape(text)}</p>`
  return {
    to,
    subject,
    text: [...lines, ...link ? [link.url] : [], ...closing, '– Daymark'].join('\n\n'),
    html: `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(subject)}</title>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:2em auto;padding:0 1em">
${lines.map(paragraph).join('\n')}
${link ? `<p><a href="${escape(link.url)}" style="display:inline-block;padding:.6em 1.2em;border-radius:.5em;background:#17694a;color:#fff;text-decoration:none">${escape(link.label)}</a></p>\n<p style="color:#555">${escape(link.url)}</p>` : ''}
${closing.map(paragraph).join('\n')}
<p>– Daymark</p></body></html>`,
  }
}

/** Proves that an address is its owner's. Opening the link changes nothing yet: the page behind it asks (SEC-19). */
export const verificationMail = (to: string, url: string): Message => compose(to, {
  subject: 'Confirm your e-mail address',
  lines: ['Welcome to Daymark. Please confirm that this is your address:'],
  link: { label: 'Confirm this address', url },
  closing: ['The link works for 24 hours. If you did not sign up, ignore this mail: nothing happens.'],
})

export const resetMail = (to: string, url: string): Message => compose(to, {
  subject: 'Choose a new password',
  lines: ['Someone, we hope you, asked for a new password for your Daymark account. Choose it here, in any browser:'],
  link: { label: 'Choose a new password', url },
  closing: ['The link works once, for 30 minutes. If it was not you, ignore this mail: your password stays as it is.'],
})

export const passwordChangedMail = (to: string, url: string): Message => compose(to, {
  subject: 'Your password was changed',
  lines: ['The password of your Daymark account has just been changed, and every other device was logged out.', 'If that was you, all is well. If not, take your account back now:'],
  link: { label: 'Choose a new password', url },
  closing: [],
})

/** To the address that is to be the account's from now on; it may be a stranger's. */
export const newAddressMail = (to: string, url: string): Message => compose(to, {
  subject: 'Confirm your new e-mail address',
  lines: ['This was entered as the new address of a Daymark account. Please confirm that it is yours:'],
  link: { label: 'Use this address', url },
  closing: ['The link works once, for 24 hours. If it was not you, ignore this mail: nothing happens.'],
})

export const emailChangeAskedMail = (to: string, url: string): Message => compose(to, {
  subject: 'Another e-mail address was asked for',
  lines: ['Someone who is logged in to your Daymark account asked for another e-mail address. It takes the place of this one as soon as they use the link that we mailed there.', 'If that was you, nothing is left to do here. If not, stop it by choosing a new password:'],
  link: { label: 'Choose a new password', url },
  closing: [],
})

/** The way back, to the address that was replaced. It does not tell the new one. */
export const emailChangedMail = (to: string, url: string): Message => compose(to, {
  subject: 'Your e-mail address was changed',
  lines: ['Your Daymark account has another e-mail address now, and no longer this one.', 'If that was you, all is well. If not, take the account back. Every device is then logged out, and you choose a new password:'],
  link: { label: 'Take the account back', url },
  closing: ['The link works once, for 7 days. Until then nobody else can use this address for an account.'],
})

/** To an address that was never confirmed, so that it may be anybody's: no way back, and no word of the account. */
export const addressLeftMail = (to: string): Message => compose(to, {
  subject: 'This address is no longer used by an account',
  lines: ['A Daymark account that gave this address, which was never confirmed, has another one now. You get no more mail about it.'],
  closing: [],
})

export const addressTakenBackMail = (to: string): Message => compose(to, {
  subject: 'Your e-mail address was changed back',
  lines: ['The Daymark account with this address has been given back to the address it had before, by a link that was mailed there. This one no longer belongs to it.'],
  closing: [],
})

export const tokenReusedMail = (to: string, url: string): Message => compose(to, {
  subject: 'We logged one of your devices out',
  lines: [
    'A login of your Daymark account was used twice, as happens when somebody has taken a copy of it. To be safe, that device was logged out.',
    'Please log in again, look at where you are logged in, and change your password if something there is not yours:',
  ],
  link: { label: 'Look at your devices', url },
  closing: [],
})

/** The last mail. It has no link: there is nothing left to go to. */
export const accountDeletedMail = (to: string): Message => compose(to, {
  subject: 'Your account was deleted',
  lines: [
    'Your Daymark account and everything in it has just been deleted, as was asked for with your password. Nothing of it is kept, and it cannot be brought back.',
    'If it was not you, somebody knows that password: change it wherever else you use it.',
  ],
  closing: ['Thank you for having been here. This was our last mail.'],
})
