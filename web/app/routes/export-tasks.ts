import type { LoaderFunctionArgs } from '@remix-run/node'
import { fileAnswer } from '../file-answer.server.ts'

/** The tasks, for a spreadsheet. */
export const loader = async ({ context }: LoaderFunctionArgs) =>
  await fileAnswer(context, { name: 'daymark-tasks.csv', type: 'text/csv' }, () => context.tasks.exported('csv'))
