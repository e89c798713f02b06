import type { FastifyRequest } from 'fastify'
import { isIP } from 'node:net'

/**
 * The IP address a request comes from: the peer's, or what a trusted proxy wrote, without the port, brackets or zone that
 * some proxies write too. What is no address at all falls back to the peer.
 */
export function clientAddress ({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return bareAddress(ip) ?? bareAddress(socket.remoteAddress ?? '') ?? '0.0.0.0'
}

/** Takes an address out of `1.2.3.4:5678`, `[2001:db8::1]:443` or `fe80::1%eth0`; undefined where there is none. */
export function bareAddress (text: string): string | undefined {
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const [withoutZone = ''] = address.split('%')
  return isIP(withoutZone) !== 0 ? withoutZone : undefined
}

/** What a limit counts: the address, or of IPv6 the /64 that one customer holds (SEC-31), however either is spelt. */
export function network (address: string): string {
  if (isIP(address) !== 6) return address
  const canonical = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1) // RFC 5952, by the URL standard
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(canonical)
  if (mapped) return mapped.slice(1).map((group) => Number.parseInt(group, 16)).flatMap((number) => [number >> 8, number & 0xff]).join('.')
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
