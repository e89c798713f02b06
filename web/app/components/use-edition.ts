import { type RefObject, useEffect, useState } from 'react'

export interface Texts { title: string, description: string }

/** The text of a task, and the mark of the version it is from. */
export interface Edition { text: Texts, edition: string }

interface EditionInHand {
  loaded: Edition
  /** The other version, once both have been shown: saving again is then meant to go over it. */
  conflict: Edition | undefined
  /** The mark that came back with a form the server would not take. */
  returned: string | undefined
  formRef: RefObject<HTMLFormElement>
}

/**
 * The mark that goes with the text in the form: of the version it was made from. The page may load a newer task
 * meanwhile; that one's mark is taken over only if its text is what the edit began with, or is in the form
 * already. A form that nobody has touched follows what was loaded.
 */
export function useEdition ({ loaded, conflict, returned, formRef }: EditionInHand): string {
  const [inHand, setInHand] = useState<{ text: Texts | null, edition: string }>(() => conflict ?? (returned === undefined ? loaded : { text: null, edition: returned }))
  useEffect(() => { if (conflict) setInHand(conflict) }, [conflict])

  useEffect(() => {
    const form = formRef.current
    if (!form || loaded.edition === inHand.edition) return
    const title = form.elements.namedItem('title') as HTMLInputElement
    const description = form.elements.namedItem('description') as HTMLTextAreaElement
    const typed = { title: title.value, description: description.value }
    const isUntouched = isSame(inHand.text, typed)
    if (isUntouched) {
      title.value = loaded.text.title
      description.value = loaded.text.description
    }
    if (isUntouched || isSame(loaded.text, typed) || isSame(loaded.text, inHand.text)) setInHand(loaded)
  }, [loaded.edition]) // Only what is loaded anew may change it, not what is typed.

  return inHand.edition
}

const isSame = (one: Texts | null, other: Texts | null) => one?.title === other?.title && one?.description === other?.description && one !== null
