/** Moves the focus on from a row that is about to go: to the same kind of thing in the row that follows, else in the one before, else elsewhere. */
export function focusNextRow (within: Element, selector: string, fallback: HTMLElement | null | undefined): void {
  const row = within.closest('li')
  if (!row?.contains(document.activeElement)) return
  const neighbour = row.nextElementSibling ?? row.previousElementSibling
  ;(neighbour?.querySelector<HTMLElement>(selector) ?? fallback)?.focus()
}
