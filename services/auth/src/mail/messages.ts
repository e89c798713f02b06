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

export const tokenReusedMail = (to: string, url: string): Message => compose(to, {
  subject: 'We logged one of your devices out',
  lines: [
    'A login of your Daymark account was used twice, as happens when somebody has taken a copy of it. To be safe, that device was logged out.',
    'Please log in again, look at where you are logged in, and change your password if something there is not yours:',
  ],
  link: { label: 'Look at your devices', url },
  closing: [],
})
