import { type RefObject, useEffect, useState } from 'react'

interface Texts { title: string, description: string }
interface Version { task: Texts, etag: string }

interface EditedVersion {
  loaded: Version
  /** The other version, once both have been shown: saving again is then meant to go over it. */
  conflict: Version | undefined
  /** The ETag that came back with a form the server would not take. */
  returned: string | undefined
  formRef: RefObject<HTMLFormElement>
}

/**
 * The ETag that goes with the text in the form: of the version it was made from. The page may load a newer task
 * meanwhile; that one's ETag is taken over only if its texts are those the edit began with, or are in the form
 * already. A form that nobody has touched follows what was loaded.
 */
export function useEditedVersion ({ loaded, conflict, returned, formRef }: EditedVersion): string {
  const [edited, setEdited] = useState<{ task: Texts | null, etag: string }>(() => conflict ?? (returned === undefined ? loaded : { task: null, etag: returned }))
  useEffect(() => { if (conflict) setEdited(conflict) }, [conflict])

  useEffect(() => {
    const form = formRef.current
    if (!form || loaded.etag === edited.etag) return
    const title = form.elements.namedItem('title') as HTMLInputElement
    const description = form.elements.namedItem('description') as HTMLTextAreaElement
    const typed = { title: title.value, description: description.value }
    const isUntouched = isSame(edited.task, typed)
    if (isUntouched) {
      title.value = loaded.task.title
      description.value = loaded.task.description
    }
    if (isUntouched || isSame(loaded.task, typed) || isSame(loaded.task, edited.task)) setEdited(loaded)
  }, [loaded.etag]) // Only what is loaded anew may change it, not what is typed.

  return edited.etag
}

const isSame = (one: Texts | null, other: Texts | null) => one?.title === other?.title && one?.description === other?.description && one !== null
