import { type RefObject, useEffect, useState } from 'react'

/** What a form edits, field by field, and the mark of the version it is from. */
export interface Edition<Name extends string> { text: Record<Name, string>, edition: string }

interface EditionInHand<Name extends string> {
  /** The fields that are edited. */
  names: readonly Name[]
  loaded: Edition<Name>
  /** The other version, once both have been shown: saving again is then meant to go over it. */
  conflict: Edition<Name> | undefined
  /** The mark that came back with a form the server would not take. */
  returned: string | undefined
  formRef: RefObject<HTMLFormElement>
}

/**
 * The mark that goes with the text in the form: of the version it was made from. The page may load a newer version
 * meanwhile; that one's mark is taken over only if its text is what the edit began with, or is in the form
 * already. A form that nobody has touched follows what was loaded.
 */
export function useEdition<Name extends string> ({ names, loaded, conflict, returned, formRef }: EditionInHand<Name>): string {
  const [inHand, setInHand] = useState<{ text: Record<Name, string> | null, edition: string }>(() => conflict ?? (returned === undefined ? loaded : { text: null, edition: returned }))
  useEffect(() => { if (conflict) setInHand(conflict) }, [conflict])

  useEffect(() => {
    const form = formRef.current
    if (!form || loaded.edition === inHand.edition) return
    const field = (name: Name) => form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement
    const isSame = (one: Record<Name, string> | null, other: Record<Name, string> | null) => one !== null && other !== null && names.every((name) => one[name] === other[name])
    const typed = Object.fromEntries(names.map((name) => [name, field(name).value])) as Record<Name, string>
    const isUntouched = isSame(inHand.text, typed)
    if (isUntouched) for (const name of names) field(name).value = loaded.text[name]
    if (isUntouched || isSame(loaded.text, typed) || isSame(loaded.text, inHand.text)) setInHand(loaded)
  }, [loaded.edition]) // Only what is loaded anew may change it, not what is typed.

  return inHand.edition
}
