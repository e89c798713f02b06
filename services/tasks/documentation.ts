import type { OpenApiOptions } from '@daymark/kit/openapi'
import { examples } from './examples.ts'

const text = { type: 'string' }

/** What the OpenAPI document says beside the operations. */
export const documentation: OpenApiOptions = {
  title: 'Daymark tasks',
  version: '0.1.0',
  description: 'Tasks and lists. Every request carries an access token of the auth service; `user_id` in the path is its `sub`.',
  tags: {
    tasks: 'What is to be done, one by one and many at once, and the trash',
    lists: 'Each task is in one; the Inbox is there from the beginning',
    labels: 'A task carries any number of them',
    changes: 'The log of all that was changed: read, waited for, taken back',
    transfer: 'All of it as a file, out and in',
  },
  examples,
  fields: [
    {
      name: 'daymark-change',
      description: 'The number of the change that was made, by which it can be undone; not there where nothing changed',
      schema: { type: 'integer', minimum: 1 },
      example: 8,
      isOf: ({ takes }, status) => status < 300 && takes('header', 'idempotency-key'),
    },
    {
      name: 'idempotency-replayed',
      description: '`true` where this is the answer that an earlier request with the same `idempotency-key` got',
      schema: text,
      example: 'true',
      isOf: ({ takes }, status) => status < 300 && takes('header', 'idempotency-key'),
    },
    {
      name: 'content-disposition',
      description: 'A name for the file',
      schema: text,
      example: 'attachment; filename="daymark-tasks-2026-07-03.json"',
      isOf: ({ path }, status) => status === 200 && path.endsWith('/export'),
    },
  ],
}
