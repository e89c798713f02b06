export interface ChoiceProps {
  name: string
  label: string
  options: ReadonlyArray<{ value: string, name: string }>
  defaultValue: string
}

/** A labelled choice of one among a few. */
export function Choice ({ name, label, options, defaultValue }: ChoiceProps) {
  return (
    <div className='field'>
      <label className='field__label' htmlFor={name}>{label}</label>
      <select className='field__control' id={name} name={name} defaultValue={defaultValue}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.name}</option>)}
      </select>
    </div>
  )
}
