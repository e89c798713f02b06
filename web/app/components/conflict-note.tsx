interface ConflictNoteProps<Name extends string> {
  title: string
  labels: Record<Name, string>
  theirs: Record<Name, string>
  mine: Partial<Record<Name, string>>
  /** For a field whose value is not what people read. */
  inWords?: (text: string, name: Name) => string
}

/** Shows, side by side, what was saved elsewhere and what is in the form, for the fields in which they differ. */
export function ConflictNote<Name extends string> ({ title, labels, theirs, mine, inWords = (text) => text }: ConflictNoteProps<Name>) {
  const differing = (Object.keys(labels) as Name[]).filter((name) => mine[name] !== undefined && mine[name].replaceAll('\r\n', '\n') !== theirs[name])
  return (
    <section className='conflict' role='alert' tabIndex={-1} data-summary aria-labelledby='conflict-title'>
      <h2 id='conflict-title'>{title}</h2>
      {differing.length === 0
        ? <p>What was saved there is what you wrote. Save again, or take the other: it comes to the same.</p>
        : <p>Nothing has been saved yet, and what you typed is still below. Here is how the two differ.</p>}
      {differing.map((name) => (
        <dl key={name} className='conflict__field'>
          <div><dt>{labels[name]}, saved elsewhere</dt><dd>{inWords(theirs[name], name) || <i>empty</i>}</dd></div>
          <div><dt>{labels[name]}, yours</dt><dd>{inWords(mine[name] ?? '', name) || <i>empty</i>}</dd></div>
        </dl>
      ))}
    </section>
  )
}
