interface Texts { title: string, description: string }

interface ConflictNoteProps {
  theirs: Texts
  mine: Partial<Record<keyof Texts, string>>
}

const fields: Array<{ name: keyof Texts, label: string }> = [{ name: 'title', label: 'Title' }, { name: 'description', label: 'Description' }]

/** Shows, side by side, what was saved elsewhere and what is in the form, for the fields in which they differ. */
export function ConflictNote ({ theirs, mine }: ConflictNoteProps) {
  const differing = fields.filter(({ name }) => mine[name] !== undefined && mine[name].replaceAll('\r\n', '\n') !== theirs[name])
  return (
    <section className='conflict' role='alert' tabIndex={-1} data-summary aria-labelledby='conflict-title'>
      <h2 id='conflict-title'>This task was changed elsewhere while you edited it</h2>
      {differing.length === 0
        ? <p>What was saved there is what you wrote. Save again, or take the other: it comes to the same.</p>
        : <p>Nothing has been saved yet, and what you typed is still below. Here is how the two differ.</p>}
      {differing.map(({ name, label }) => (
        <dl key={name} className='conflict__field'>
          <div><dt>{label}, saved elsewhere</dt><dd>{theirs[name] || <i>empty</i>}</dd></div>
          <div><dt>{label}, yours</dt><dd>{mine[name] || <i>empty</i>}</dd></div>
        </dl>
      ))}
    </section>
  )
}
