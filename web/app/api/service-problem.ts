/** What is wrong with one field of a request, as a service tells it. */
export interface FieldProblem { pointer: string, code: string, detail: string }

/** A service understood the request and refused it, in the words of RFC 9457. */
export class ServiceProblem extends Error {
  readonly status: number
  readonly type: string
  readonly detail: string | undefined
  readonly errors: readonly FieldProblem[]
  /** With 412: the resource as it is now, unchecked. */
  readonly current: unknown
  readonly etag: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor (told: { status: number, type: string, title: string, detail?: string, errors?: FieldProblem[], current?: unknown, etag?: string, retryAfterSeconds?: number }) {
    super(told.title)
    this.name = 'ServiceProblem'
    this.status = told.status
    this.type = told.type
    this.detail = told.detail
    this.errors = told.errors ?? []
    this.current = told.current
    this.etag = told.etag
    this.retryAfterSeconds = told.retryAfterSeconds
  }
}

/** A service could not be reached, or said that it cannot answer now. Nobody is signed out for that. */
export class ServiceAway extends Error {
  constructor (service: string, options?: ErrorOptions) {
    super(`The ${service} service is away`, options)
    this.name = 'ServiceAway'
  }
}

/** The session is over: only signing in again helps. */
export class SignInNeeded extends Error {
  constructor () {
    super('The session is over')
    this.name = 'SignInNeeded'
  }
}

// By name, not by `instanceof`: the server and the bundled app each have a copy of the classes above.
const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name

/** True for a refusal by a service, whichever copy of this module made it. */
export const isServiceProblem = (error: unknown): error is ServiceProblem => isNamed(error, 'ServiceProblem')
export const isServiceAway = (error: unknown): boolean => isNamed(error, 'ServiceAway')
/** True where a service asks for the password once more, because the last log-in is too long ago. */
export const isStepUpNeeded = (error: unknown): boolean => isServiceProblem(error) && error.type.endsWith('/step-up-needed')
export const isSignInNeeded = (error: unknown): boolean => isNamed(error, 'SignInNeeded')
