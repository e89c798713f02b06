export interface UsedUp { limit: number, windowSeconds: number, retryAfter: number }

/**
 * What a 429 says of the quota that is used up: how much in which time, and after how many seconds there is more of it.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
export const rateLimitFields = ({ limit, windowSeconds, retryAfter }: UsedUp) => ({
  'ratelimit-policy': `"default";q=${limit};w=${windowSeconds}`,
  ratelimit: `"default";r=0;t=${retryAfter}`,
})
