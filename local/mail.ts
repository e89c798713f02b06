import { mkdirSync } from 'node:fs'
import { MailDev } from 'maildev'

// The mail catcher, a process of its own: what is sent to SMTP_PORT on this machine is read on MAIL_PORT, and goes no further.
const { SMTP_PORT, MAIL_PORT, MAIL_FOLDER } = process.env
if (!SMTP_PORT || !MAIL_PORT || !MAIL_FOLDER) throw new Error('SMTP_PORT, MAIL_PORT and MAIL_FOLDER must be set')
mkdirSync(MAIL_FOLDER, { recursive: true, mode: 0o700 })

const mail = new MailDev({
  smtp: Number(SMTP_PORT),
  ip: '127.0.0.1',
  web: Number(MAIL_PORT),
  webIp: '127.0.0.1',
  mailDirectory: MAIL_FOLDER,
  maxEmails: 500,
  silent: true,
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    mail.stop().then(() => process.exit(0), () => process.exit(1))
  })
}
await mail.start()
