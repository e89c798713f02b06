import nodemailer from 'nodemailer'
import type { Mailer } from './outbox.ts'

const second = 1000

/** Delivers by SMTP. */
export function smtpMailer ({ SMTP_URL, MAIL_FROM }: { SMTP_URL: string, MAIL_FROM: string }): Mailer {
  const transport = nodemailer.createTransport({
    url: SMTP_URL, connectionTimeout: 5 * second, greetingTimeout: 5 * second, socketTimeout: 20 * second, disableFileAccess: true, disableUrlAccess: true,
  })
  return async (message) => { await transport.sendMail({ from: MAIL_FROM, ...message, headers: { 'Auto-Submitted': 'auto-generated' } }) }
}
