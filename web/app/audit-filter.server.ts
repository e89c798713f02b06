import { auditActions, type AuditQuery } from '@daymark/auth/contracts'
import type { AdminClient } from './api/admin-client.server.ts'
import type { FormAnswer } from './forms/form-answer.ts'
import { isId } from './is-id.ts'

/** What the address of the audit page asks for, as its form shows it again. */
export interface AuditFilter { account: string, by: string, action: string, outcome: string, from: string, to: string }

const outcomes = ['success', 'failure'] as const
const day = 86_400_000

/** Reads an address; a choice that there is not counts as none. */
export function readAuditFilter (query: URLSearchParams): AuditFilter {
  const text = (name: string) => query.get(name)?.trim() ?? ''
  return {
    account: text('account'),
    by: text('by'),
    action: auditActions.find((one) => one === query.get('action')) ?? '',
    outcome: outcomes.find((one) => one === query.get('outcome')) ?? '',
    from: text('from'),
    to: text('to'),
  }
}

/** The query for a filter: accounts by their ids, days as instants, the last of them included. */
export async function auditQuery (admin: AdminClient, filter: AuditFilter): Promise<{ query: AuditQuery } | { answer: FormAnswer }> {
  const [account, by] = await Promise.all([accountOf(admin, filter.account), accountOf(admin, filter.by)])
  const [from, to] = [instantOf(filter.from), instantOf(filter.to)]
  const noAccount = 'No account has this address. One that is gone is found by its id.'
  const noDay = 'Write a day as 2026-11-24.'
  const errors = {
    ...account === null && { account: noAccount },
    ...by === null && { by: noAccount },
    ...from === null && { from: noDay },
    ...to === null && { to: noDay },
  }
  if (account === null || by === null || from === null || to === null) return { answer: { values: { ...filter }, errors } }
  const action = auditActions.find((one) => one === filter.action)
  const outcome = outcomes.find((one) => one === filter.outcome)
  return {
    query: {
      ...account !== undefined && { user_id: account },
      ...by !== undefined && { actor_id: by },
      ...action && { action },
      ...outcome && { outcome },
      ...from !== undefined && { since: new Date(from).toISOString() },
      ...to !== undefined && { until: new Date(to + day).toISOString() },
    },
  }
}

/** The id that was given, or that of the account with the address that was; null where there is none. */
async function accountOf (admin: AdminClient, text: string): Promise<string | null | undefined> {
  if (text === '') return undefined
  if (isId(text) as boolean) return text
  if (text.length > 254) return null
  const { items } = await admin.users({ q: text, limit: 200 })
  return items.find(({ email }) => email.toLowerCase() === text.toLowerCase())?.id ?? null
}

function instantOf (text: string): number | null | undefined {
  if (text === '') return undefined
  const instant = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(instant) || instant >= Date.UTC(9999, 11, 31) ? null : instant
}
