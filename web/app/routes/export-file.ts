import type { LoaderFunctionArgs } from '@remix-run/node'
import { exportEverything } from '../account-export.server.ts'
import { fileAnswer } from '../file-answer.server.ts'

/** All that is kept of a person. */
export const loader = async ({ context }: LoaderFunctionArgs) =>
  await fileAnswer(context, { name: 'daymark-export.json', type: 'application/json' }, () => exportEverything(context))
