declare module 'autocannon' {
  interface Request { method?: string, path?: string, headers?: Record<string, string>, body?: string }
  interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    requests: Array<{ setupRequest: (request: Request) => Request }>
  }
  interface Result { non2xx: number, errors: number, duration: number, requests: { total: number } }
  export default function autocannon (options: Options): Promise<Result>
}
