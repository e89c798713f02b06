import { isServiceProblem } from './service-problem.ts'

/** Who asks. `renew` trades a token that a service refused for a new one, and rejects where the session is over. */
export interface Bearer {
  userId: () => string
  accessToken: () => string
  renew: (refused: string) => Promise<string>
}

/** Makes a call with the bearer's token; where that is refused it is renewed once, and the call made again. */
export async function withBearer<T> (bearer: Bearer, call: (authorization: { authorization: string }) => Promise<T>): Promise<T> {
  const withToken = (token: string) => call({ authorization: `Bearer ${token}` })
  const token = bearer.accessToken()
  try {
    return await withToken(token)
  } catch (error) {
    if (!isServiceProblem(error) || error.status !== 401) throw error
    return await withToken(await bearer.renew(token))
  }
}
