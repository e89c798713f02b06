/** How many objects one statement changes: more could outlast the time that a statement has. */
const portion = 500

/** What is to be changed, in portions for one statement each. */
export const portions = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / portion) }, (_, index) => all.slice(index * portion, (index + 1) * portion))
