import type { Service } from '@daymark/kit/service'
import { SignedIn, SignUp, User } from '../../contracts.ts'
import type { Deps } from '../../deps.ts'
import { signUp } from './sign-up.ts'

const tags = ['accounts']

/** Making an account. Open to everyone. */
export async function accountRoutes (app: Service, deps: Deps): Promise<void> {
  app.post('/auth/signup', {
    schema: { tags, summary: 'Make an account and sign in', body: SignUp, response: { 201: SignedIn } },
  }, async (request, reply) => {
    const signedIn = await signUp(deps, request.body, request.caller)
    return reply.code(201).send(signedIn)
  })
}

/** The owner's view of their account; registered behind the guard. */
export async function ownAccountRoutes (app: Service): Promise<void> {
  app.get('/auth/me', {
    schema: { tags, summary: 'Who is signed in', security: [{ accessToken: [] }], response: { 200: User } },
  }, async ({ account }) => account)
}
