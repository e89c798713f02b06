import { SigningKey, UserQuery } from '@daymark/auth/contracts'
import { Type } from '@sinclair/typebox'
import { formGuide, formReader, type FormMessages } from './form-reader.server.ts'

const closed = { additionalProperties: false }

const FindUsers = Type.Pick(UserQuery, ['q'], closed)
const findUsersMessages: FormMessages<typeof FindUsers> = { q: { too_long: 'No address and no name is that long.', not_allowed: 'This has a character that is in no address and no name.' } }
export const findUsersGuide = formGuide(FindUsers, findUsersMessages)
export const readFindUsers = formReader(FindUsers, findUsersMessages)

/** A change says which version of the account it was decided on. */
export const readUserChange = formReader(Type.Object({ edition: Type.String({ pattern: '^"[\\w.-]{1,100}"$' }) }, closed))
export const readKeyId = formReader(Type.Pick(SigningKey, ['kid'], closed))
