type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

const isControl = (target: EventTarget | null): target is Control => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement

/** Whether a control of a form says something else than the page came with. */
export const isTouched = (form: HTMLFormElement): boolean => [...form.elements].some((control) => isControl(control) && control.type !== 'hidden' && isChanged(control))

/** Whether a control says something else than the page came with. */
function isChanged (control: Control): boolean {
  if (control instanceof HTMLSelectElement) {
    const came = [...control.options].filter(({ defaultSelected }) => defaultSelected)
    return control.value !== (came[0] ?? control.options[0])?.value
  }
  if (control instanceof HTMLInputElement && (control.type === 'checkbox' || control.type === 'radio')) return control.checked !== control.defaultChecked
  return control.value !== control.defaultValue
}

/**
 * Watches what is typed and chosen in the page. Gives the function that tells whether any of it would be missed: what was not sent yet, a form
 * that was not taken, tasks that are being chosen (`data-unsaved`); and the one that ends the watching.
 */
export function watchInput (): { hasUnsaved: () => boolean, end: () => void } {
  // What was typed before the page woke counts as well.
  const touched = new Set<Control>([...document.querySelectorAll<Control>('main :is(input:not([type=hidden]), textarea, select)')].filter(isChanged))
  const onInput = ({ target }: Event) => { if (isControl(target)) touched.add(target) }
  const onSubmit = ({ target }: Event) => {
    for (const control of touched) if (control.form === target) touched.delete(control)
  }
  document.addEventListener('input', onInput)
  document.addEventListener('submit', onSubmit)
  return {
    hasUnsaved () {
      for (const control of touched) {
        if (!control.isConnected) touched.delete(control)
        else if (isChanged(control)) return true
      }
      return document.querySelector('main :is([data-unsaved], form [role=alert], .summary)') !== null
    },
    end () {
      document.removeEventListener('input', onInput)
      document.removeEventListener('submit', onSubmit)
    },
  }
}
