/** Time zones of one region of the world. */
export interface ZoneGroup { region: string, names: string[] }

const known = ['UTC', ...Intl.supportedValuesOf('timeZone')]

/** Every zone to choose from, by region; among them the one that is `chosen`, should the list have it under another name. */
export function zoneGroups (chosen: string | null): ZoneGroup[] {
  const groups = new Map<string, string[]>()
  for (const name of new Set([...known, ...chosen === null ? [] : [chosen]])) {
    const region = name.includes('/') ? name.slice(0, name.indexOf('/')) : 'World'
    const names = groups.get(region)
    if (names) names.push(name)
    else groups.set(region, [name])
  }
  return [...groups].map(([region, names]) => ({ region, names: names.sort() }))
}
