import type { Colour } from '@daymark/tasks/contracts'
import { Form, useNavigation } from '@remix-run/react'
import type { FormAnswer } from '../forms/form-answer.ts'
import type { FormGuide } from '../forms/field-rules.ts'
import { FormSummary, useCheckedForm } from './checked-form.tsx'
import { ConflictNote } from './conflict-note.tsx'
import { Field } from './field.tsx'
import { FormToken } from './form-token.tsx'
import { type Edition, useEdition } from './use-edition.ts'

type NameEdition = Edition<'name' | 'colour'>
/** What the page says when the list or label was changed elsewhere in the meantime. */
export interface NameAnswer extends FormAnswer { conflict?: NameEdition }

const labels = { name: 'Name', colour: 'Colour' }
const names = ['name', 'colour'] as const
export const colourNames: Record<Colour, string> = { grey: 'Grey', red: 'Red', orange: 'Orange', yellow: 'Yellow', green: 'Green', teal: 'Teal', blue: 'Blue', purple: 'Purple', pink: 'Pink' }
const colours = Object.keys(colourNames) as Colour[]
const colourInWords = (colour: string) => Object.hasOwn(colourNames, colour) ? colourNames[colour as Colour] : colour

interface NameFormProps {
  what: 'list' | 'label'
  action: string
  guide: FormGuide
  /** What is changed; nothing for what is new. */
  loaded?: NameEdition
  served: NameAnswer | undefined
  button: string
}

/** How a list or a label is called, and its colour. */
export function NameForm ({ what, action, guide, loaded, served, button }: NameFormProps) {
  const { answer, formProps } = useCheckedForm(guide, served)
  const begun = loaded ?? { text: { name: '', colour: 'grey' }, edition: '' }
  const edition = useEdition({ names, loaded: begun, conflict: served?.conflict, returned: served?.values['edition'], formRef: formProps.ref })
  const isSending = useNavigation().formData?.get('intent') === 'name'
  const conflict = served?.conflict
  const chosen = served?.values['colour'] ?? begun.text.colour
  const error = answer?.errors['colour']
  return (
    <Form className='form' method='post' action={action} {...formProps}>
      <FormToken />
      <input type='hidden' name='intent' value='name' />
      {loaded && <input type='hidden' name='edition' value={edition} readOnly />}
      <FormSummary answer={answer} labels={labels} />
      {conflict && <ConflictNote title={`This ${what} was changed elsewhere while you edited it`} labels={labels} theirs={conflict.text} mine={served.values} inWords={(text, name) => name === 'colour' ? colourInWords(text) : text} />}
      <Field name='name' label={labels.name} guide={guide} answer={answer} defaultValue={begun.text.name} autoComplete='off' />
      <fieldset className='colours' aria-describedby={error ? 'colour-error' : undefined}>
        <legend className='field__label'>{labels.colour}</legend>
        <div className='colours__all'>
          {colours.map((colour) => (
            <label key={colour} className='colours__one'>
              <input type='radio' name='colour' value={colour} defaultChecked={chosen === colour} required />
              <span className={`tone tone--${what}`} data-tone={colour} aria-hidden='true' />
              {colourNames[colour]}
            </label>
          ))}
        </div>
        {error && <p className='field__error' id='colour-error' role='alert'>{error}</p>}
      </fieldset>
      <div className='settings__buttons'>
        <button className='button' aria-disabled={isSending || undefined}>{isSending ? 'Saving…' : conflict ? 'Save mine over it' : button}</button>
        {conflict && <a className='button button--quiet' href={action}>Take the other</a>}
      </div>
    </Form>
  )
}
