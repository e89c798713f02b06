import { Gauge, type Registry } from 'prom-client'
import type { PasswordHasher } from './password-hasher.ts'

/** Shows how close the hashing of passwords is to turning people away. */
export function measureHashing (registry: Registry, passwords: PasswordHasher): void {
  const gauge: Gauge = new Gauge({
    name: 'password_hashes',
    help: 'Password hashes that are being computed, and that wait to be',
    labelNames: ['state'],
    registers: [registry],
    collect () {
      gauge.set({ state: 'running' }, passwords.running)
      gauge.set({ state: 'waiting' }, passwords.waiting)
    },
  })
}
