import { resolve } from 'node:path'

const usualPorts = {
  WEB_PORT: 3000,
  AUTH_PORT: 3001,
  TASKS_PORT: 3002,
  WEB_INTERNAL_PORT: 3100,
  AUTH_INTERNAL_PORT: 3101,
  TASKS_INTERNAL_PORT: 3102,
  POSTGRES_PORT: 54329,
  SMTP_PORT: 1025,
  MAIL_PORT: 1080,
} as const

export type PortVariable = keyof typeof usualPorts
export interface LocalConfig { ports: Record<PortVariable, number>, folder: string }

/** Reads the ports and the data folder from the environment; throws one error naming everything that is wrong. */
export function loadLocalConfig (env: NodeJS.ProcessEnv): LocalConfig {
  const problems: string[] = []
  const chosen = new Map<number, string>()
  const ports: Record<PortVariable, number> = { ...usualPorts }
  for (const name of Object.keys(usualPorts) as PortVariable[]) {
    const text = env[name]
    if (text) {
      if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) < 65_536) ports[name] = Number(text)
      else problems.push(`${name} must be a port from 1 to 65535, not "${text}"`)
    }
    const other = chosen.get(ports[name])
    if (other) problems.push(`${other} and ${name} are both ${ports[name]}`)
    chosen.set(ports[name], name)
  }
  if (problems.length > 0) throw new Error(`The configuration is wrong:\n${problems.map((each) => `  ${each}`).join('\n')}`)
  return { ports, folder: resolve(env['DAYMARK_DATA'] || '.daymark') }
}
