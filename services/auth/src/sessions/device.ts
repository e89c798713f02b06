import Bowser from 'bowser'

/** Tells a person which device a session is on, by what the device says of itself (which proves nothing). */
export function deviceOf (userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os } = Bowser.parse(userAgent)
  const names = [browser.name, os.name].filter((name) => name !== undefined && name !== '')
  return names.length > 0 ? names.join(' on ') : userAgent.split('/')[0]?.slice(0, 40) ?? 'Unknown device'
}
