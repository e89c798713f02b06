import type { OpenApiOptions } from '@daymark/kit/openapi'
import { examples } from './examples.ts'

/** What the OpenAPI document says beside the routes. */
export const documentation: OpenApiOptions = {
  title: 'Daymark auth',
  version: '0.1.0',
  description: 'Users and sessions. Signs access tokens that every part of Daymark verifies by its public keys.',
  tags: {
    accounts: 'Making an account, changing it, taking one\'s data along, deleting it',
    sessions: 'Logging in, staying logged in, logging out; where one is logged in',
    passwords: 'Changing a password, and a new one for who has lost theirs',
    email: 'Proving an address, and changing it',
    keys: 'The keys that sign access tokens',
    users: 'For admins: whose accounts there are',
    audit: 'For admins: what happened',
  },
  examples,
  fields: [
    {
      name: 'x-device-token',
      description: 'For later log-ins on this device, to be sent in the same header field: it keeps strangers from locking its owner out',
      schema: { type: 'string' },
      example: 'main.cMsKgC_3qDzsFvaC_DCzUtPDzFVaDqO_Bw4teMMza3F1UXKC5b_U2N5aMdqn5daM',
      isOf: ({ path }, status) => status < 300 && ['/auth/login', '/auth/password/reset', '/auth/password/change'].includes(path),
    },
  ],
}
