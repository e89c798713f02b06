/** The changes that the page in this browser has made itself, by number; on a server there are none. */
const own = new Set<number>()

/** Notes a change as made by this page, which shows it already. */
export function noteOwnChange (change: number | null | undefined): void {
  if (typeof change === 'number') own.add(change)
}

export const isOwnChange = (change: number): boolean => own.has(change)
