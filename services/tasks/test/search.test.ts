import t from 'tap'
import fc from 'fast-check'
import pg from 'pg'
import { connectionOptions } from '@daymark/kit/database'
import type { Label, Task, TaskPage, TaskQuery } from '../contracts.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks, type User } from './start-tasks.ts'

const { signUp, call, createTask, database } = await startTasks(t)

const search = (user: User, query: Partial<TaskQuery>, headers = {}) =>
  call('GET', `/api/${user.id}/tasks?${new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]))}`, user, undefined, headers)

/** The tasks of all pages, by their ids. */
async function found (user: User, query: Partial<TaskQuery>): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const response = await search(user, { ...query, ...cursor !== undefined && { cursor } })
    if (response.statusCode !== 200) throw new Error(response.body)
    const page = response.json<TaskPage>()
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.next_cursor
  }
  return ids
}

const titlesOf = async (user: User, q: string) => (await search(user, { q, limit: 200 })).json<TaskPage>().items.map(({ title }) => title).sort()

async function userWith (...titles: string[]) {
  const user = await signUp()
  for (const title of titles) await createTask(user, { title })
  return user
}

t.test('FR-220: words are found by their beginnings, in any order, case and accent, in the title and the description', async (t) => {
  const ada = await userWith('Call the Müller family', 'Caller id for the phone', 'Straße kehren', 'Smørrebrød', 'Ζεύς και Ήρα', 'ﬁle taxes 2026')
  const noted = await createTask(ada, { title: 'Shopping', description: '- [ ] **Crème fraîche**, O\'Brien\'s\nmilk' })
  for (const [q, titles] of [
    ['call', ['Call the Müller family', 'Caller id for the phone']],
    ['MULLER', ['Call the Müller family']],
    ['fam mül', ['Call the Müller family']],
    ['call phone', ['Caller id for the phone']],
    ['call call', ['Call the Müller family', 'Caller id for the phone']],
    ['strasse', ['Straße kehren']],
    ['smorre', ['Smørrebrød']],
    ['ηρα', ['Ζεύς και Ήρα']],
    ['file 20', ['ﬁle taxes 2026']],
    ['creme, (FRAICHE)!', ['Shopping']],
    ['o\'brien', ['Shopping']],
    ['ily', []],
    ['call milk', []],
    ['2025', []],
  ] as const) t.same(await titlesOf(ada, q), titles, q)
  t.same(await found(ada, { q: 'milk' }), [noted.id])
})

t.test('FR-221: one typo is forgiven from four letters on, two from eight, where no word begins with it', async (t) => {
  const ada = await userWith('Water the plants', 'Walter rang', 'Review documents', 'Order 12345', 'Tea', 'Кошка')
  for (const [q, titles] of [
    ['wter', ['Water the plants']],
    ['qater', ['Water the plants']],
    ['wtaer', ['Water the plants']],
    ['watter', ['Walter rang', 'Water the plants']],
    ['water', ['Water the plants']],
    ['waiter', ['Walter rang', 'Water the plants']],
    ['aater', ['Water the plants']],
    ['ater', ['Water the plants']],
    ['wqter thr', []],
    ['plnats', ['Water the plants']],
    ['plnast', []],
    ['documnets', ['Review documents']],
    ['documnest', ['Review documents']],
    ['dokumants', ['Review documents']],
    ['odcuments', ['Review documents']],
    ['dcumants', ['Review documents']],
    ['okumants', []],
    ['tee', []],
    ['12346', []],
    ['кошкв', ['Кошка']],
    ['wter plnts', ['Water the plants']],
    ['wter review', []],
  ] as const) t.same(await titlesOf(ada, q), titles, q)
  const { id } = await createTask(ada, { title: 'Wter' })
  t.same(await titlesOf(ada, 'wter'), ['Wter'], 'and what there is, is meant')
  await call('DELETE', `/api/${ada.id}/tasks/${id}`, ada)
  t.same(await titlesOf(ada, 'wter'), ['Water the plants'], 'but not what is in the trash')
  await call('POST', `/api/${ada.id}/tasks/${id}/restore`, ada)
  t.same(await titlesOf(ada, 'wter'), ['Wter'])
})

t.test('FR-223: words of any script are whole, their vowel signs and tone marks included', async (t) => {
  const ada = await userWith('हिन्दी कार्यक्रम', 'ประชุมที่นี่ พรุ่งนี้', 'தமிழ்நாடு', 'বাংলা ভাষা', 'မြန်မာ', 'שָׁלוֹם', 'مُحَمَّد', 'ភាសាខ្មែរ', 'ශ්‍රී ලංකා', 'Schiff\u00adfahrt ❤️ 7️⃣', '日本語・テスト')
  for (const [q, titles] of [
    ['हिन्दी', ['हिन्दी कार्यक्रम']],
    ['कार्य', ['हिन्दी कार्यक्रम']],
    ['दी', []],
    ['रम', []],
    ['ประชุมที่', ['ประชุมที่นี่ พรุ่งนี้']],
    ['นี', []],
    ['พรุ่ง', ['ประชุมที่นี่ พรุ่งนี้']],
    ['தமிழ்', ['தமிழ்நாடு']],
    ['নাভা', []],
    ['বাংলা', ['বাংলা ভাষা']],
    ['မြန်', ['မြန်မာ']],
    ['שָׁלוֹם', ['שָׁלוֹם']],
    ['مُحَمَّد', ['مُحَمَّد']],
    ['ខ្មែរ', []],
    ['ភាសាខ្មែរ', ['ភាសាខ្មែរ']],
    ['ශ්රී', ['ශ්‍රී ලංකා']],
    ['schifffahrt', ['Schiff\u00adfahrt ❤️ 7️⃣']],
    ['7', ['Schiff\u00adfahrt ❤️ 7️⃣']],
    ['テスト', ['日本語・テスト']],
    ['कार्यक्म', ['हिन्दी कार्यक्रम']],
  ] as const) t.same(await titlesOf(ada, q), titles, q)
  t.match((await search(ada, { q: '\ufe0f\u200d।' })).json(), { status: 422, errors: [{ code: 'no_word' }] })
})

/** Every run of ten digits that follow each other from a zero. */
const digitsOfScripts = Array.from({ length: 0x1e960 }, (_, code) => code).filter((code) => /\p{Nd}/u.test(String.fromCodePoint(code)))
  .flatMap((zero, place) => place % 10 === 0 ? [Array.from({ length: 10 }, (_, n) => String.fromCodePoint(zero + n)).join('')] : [])

t.test('FR-223: the digits of every script are found by those of every other', async (t) => {
  const ada = await userWith('room ٣٤', 'room ۳۴', 'कमरा ३४', 'room 34', '部屋３４', 'm³⁴', 'x③④', 'Flat 3a٤')
  for (const q of ['room 34', 'room ٣٤', 'room ३४', 'ROOM ３４', 'room ³⁴', 'room ๓๔']) t.same(await titlesOf(ada, q), ['room 34', 'room ٣٤', 'room ۳۴'], q)
  for (const q of ['कमरा 34', 'कमरा ۳']) t.same(await titlesOf(ada, q), ['कमरा ३४'], q)
  for (const [q, title] of [['部屋34', '部屋３４'], ['m34', 'm³⁴'], ['x3④', 'x③④'], ['٣a4', 'Flat 3a٤']] as const) t.same(await titlesOf(ada, q), [title], q)
  t.same(await titlesOf(ada, '٤٣'), [])

  const grace = await userWith(...digitsOfScripts)
  t.ok(digitsOfScripts.length > 70)
  t.equal((await found(grace, { q: '0123456789' })).length, digitsOfScripts.length)
  for (const digits of digitsOfScripts) t.equal((await search(grace, { q: digits, limit: 200 })).json<TaskPage>().items.length, digitsOfScripts.length, digits)
})

const letters = [
  'aÉzñßøıﬁ', 'αΣςῆ', 'жЩё', 'աՖև', 'אשׁבָּ', 'اببّةـي', 'कखनमािी्ंँ़', 'কখািী্ং', 'ਕਖਾਿੱੰ', 'கஙாி்', 'కఖాి్', 'ಕಖಾಿ್', 'കഖാി്ൺ', 'කඛාි්', 'กขำ่้็ะเ', 'ກຂໍ່້າ',
  'ཀཁིུྐ', 'ကခာိ်္', 'აბᲐ', 'ሀለ፩', 'កខា្ិ', 'ᠠᠡ', '한글ᄒ', '日本語〇', 'かガー', 'ⴰⴱ', '𐐀𐐨', '𞤀𞤢𞥆', '𑄇𑄴', '𝒜𝔟',
].map((script) => [...script])
const digitsOfOne = fc.constantFrom(...digitsOfScripts).map((digits) => [...digits])
const wordOfAnyScript = fc.tuple(fc.constantFrom(...letters), digitsOfOne).chain(([script, digits]) => fc.array(fc.constantFrom(...script, ...digits), { minLength: 1, maxLength: 12 }))
  .map((word) => word.join('')).filter((word) => /^[\p{L}\p{N}]/u.test(word))
const inDigits = (word: string, digits: string) => word.replaceAll(/\p{Nd}/gu, (digit) => {
  const own = digitsOfScripts.find((each) => each.includes(digit))!
  return [...digits][[...own].indexOf(digit)]!
})

t.test('FR-223: whatever word of a title is searched for, in digits of whatever script, it is found', async (t) => {
  const ada = await signUp()
  await fc.assert(fc.asyncProperty(fc.array(wordOfAnyScript, { minLength: 1, maxLength: 5 }), fc.constantFrom(' ', ', ', '-', '。', ' ❤️ ', '। '), fc.constantFrom(...digitsOfScripts), async (words, between, digits) => {
    const { id } = await createTask(ada, { title: words.join(between) })
    for (const word of words) {
      for (const q of [word, inDigits(word, digits), inDigits(word, '0123456789'), word.toUpperCase()]) {
        if (!(await found(ada, { q })).includes(id)) throw new Error(`${JSON.stringify(q)} is not found in ${JSON.stringify(words.join(between))}`)
      }
    }
    await call('DELETE', `/api/${ada.id}/tasks/${id}`, ada)
  }), { numRuns: 80 })
})

t.test('FR-220: what cannot be searched for is told at its field', async (t) => {
  const ada = await userWith('One two three')
  for (const [q, status, code] of [
    ['', 400, 'too_short'],
    ['a'.repeat(201), 400, 'too_long'],
    ['a\0b', 400, 'not_allowed'],
    ['?! – 🎉', 422, 'no_word'],
    ['a b c d e f g h i j k', 422, 'too_many_words'],
  ] as const) t.match((await search(ada, { q })).json(), { status, errors: [{ pointer: '/querystring/q', code, detail: String }] }, JSON.stringify(q))
  t.equal((await search(ada, { q: '𝒜'.repeat(200) })).statusCode, 200)
  t.same(await titlesOf(ada, 'one ONE öne two two two three three three o t th'), ['One two three'])
  t.equal((await search(await signUp(), { q: 'one' })).statusCode, 200, 'before the first task')
  t.match((await call('GET', `/api/${ada.id}/tasks?q=a&q=b`, ada)).json(), { status: 400 })
  for (const q of ['%', '_', '\\', 'one%', '"; DROP TABLE tasks.tasks --', '\u{10ffff}', 'on_']) t.match((await search(ada, { q })).statusCode, /200|422/, q)
  t.same(await titlesOf(ada, 'one%'), ['One two three'])
})

t.test('FR-220: a word of any length is kept, and texts of any size', async (t) => {
  const ada = await signUp()
  const [long, many] = ['x'.repeat(20_000), Array.from({ length: 3000 }, (_, n) => `w${n}`).join(' ')]
  const tasks = [await createTask(ada, { title: 'Long', description: long }), await createTask(ada, { title: 'Many', description: many })]
  t.same(await found(ada, { q: 'x'.repeat(200) }), [tasks[0]!.id])
  t.same(await found(ada, { q: 'w2999' }), [tasks[1]!.id])
  await call('PATCH', `/api/${ada.id}/tasks/${tasks[1]!.id}`, ada, { description: many.replace('w2999', 'gone') })
  t.same(await found(ada, { q: 'w2999' }), [])
  t.same(await found(ada, { q: 'w2998 gone' }), [tasks[1]!.id])
})

const vocabulary = ['water', 'walter', 'wäter', 'waterfall', 'plan', 'plant', 'planting', 'Plantings', 'document', 'DOCUMENTS', 'dog', 'döner', 'x', '2026', '20']
const folded = (text: string) => text.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '').toLowerCase()
const wordsOf = (text: string) => folded(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean)

const known = new Map<string, number>()
/** The optimal string alignment distance, by its definition. */
function distance (a: string, b: string): number {
  const key = `${a} ${b}`
  const isSwapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  const found = known.get(key) ?? (a === '' || b === ''
    ? a.length + b.length
    : Math.min(
      distance(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1), distance(a.slice(0, -1), b) + 1, distance(a, b.slice(0, -1)) + 1,
      isSwapped ? distance(a.slice(0, -2), b.slice(0, -2)) + 1 : Infinity))
  known.set(key, found)
  return found
}
const isNear = (word: string, term: string, typos: number) => Array.from({ length: term.length + 1 }, (_, length) => term.slice(0, length)).some((beginning) => distance(word, beginning) <= typos)

/** What a search must find, the simple way. */
function naiveSearch (tasks: Array<Pick<Task, 'id' | 'title' | 'description'>>, q: string): string[] {
  const all = tasks.flatMap(({ title, description }) => wordsOf(`${title} ${description}`))
  const tests = wordsOf(q).map((word) => {
    if (all.some((each) => each.startsWith(word))) return (term: string) => term.startsWith(word)
    if (word.length < 4 || /\d/.test(word)) return () => false
    return (term: string) => word.length < 8 ? isNear(word, term, 1) : isNear(word, term, 2) && isNear(word.slice(0, 4), term, 1)
  })
  return tasks.filter(({ title, description }) => tests.every((test) => wordsOf(`${title} ${description}`).some(test))).map(({ id }) => id).sort()
}

const text = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 3 }).chain((words) => fc.constantFrom(' ', ', ', '-', ' / ').map((between) => words.join(between)))
/** A word as it is typed: whole, not yet whole, or with typos. */
const typed = fc.constantFrom(...vocabulary).chain((word) => fc.array(fc.tuple(fc.constantFrom('drop', 'swap', 'add', 'change', 'cut'), fc.nat(9), fc.constantFrom('a', 'z', 'n', 'l')), { maxLength: 2 })
  .map((typos) => typos.reduce((text, [typo, at, letter]) => {
    const [before, after] = [text.slice(0, at), text.slice(at)]
    if (typo === 'drop') return before + after.slice(1)
    if (typo === 'swap') return before + (after[1] ?? '') + (after[0] ?? '') + after.slice(2)
    return typo === 'cut' ? before : before + letter + after.slice(typo === 'add' ? 0 : 1)
  }, word)))
const query = fc.array(typed, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')).filter((q) => wordsOf(q).length > 0)

t.test('FR-220, FR-221: whatever is written, trashed, restored and taken back, a search finds what looking through all by hand finds', async (t) => {
  const ada = await signUp()
  const path = `/api/${ada.id}/tasks`
  const made: Task[] = []
  const act = fc.record({ what: fc.constantFrom('create', 'create', 'retitle', 'describe', 'trash', 'restore', 'complete', 'undo'), at: fc.nat(), text })
  const of = (at: number) => `${path}/${made[at % made.length]!.id}`
  async function perform ({ what, at, text }: { what: string, at: number, text: string }) {
    if (what === 'create' || made.length === 0) made.push(await createTask(ada, at % 2 === 0 ? { title: text } : { title: 'x', description: text }))
    else if (what === 'retitle') await call('PATCH', of(at), ada, { title: text })
    else if (what === 'describe') await call('PATCH', of(at), ada, { description: at % 5 === 0 ? '' : text })
    else if (what === 'trash') await call('DELETE', of(at), ada)
    else if (what === 'restore') await call('POST', `${of(at)}/restore`, ada)
    else if (what === 'complete') await call('PATCH', `${of(at)}/complete`, ada, { completed: at % 2 === 0 })
    else {
      const seq = (await call('GET', `/api/${ada.id}/changes?limit=200`, ada)).json<{ items: Array<{ seq: number }> }>().items
      await call('POST', `/api/${ada.id}/changes/${seq[at % seq.length]!.seq}/undo`, ada)
    }
  }
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 8 }), fc.array(query, { minLength: 8, maxLength: 8 }), async (acts, queries) => {
    for (const one of acts) await perform(one)
    const tasks = await database.asSuperuser<Task>('SELECT id, title, description FROM tasks.tasks WHERE user_id = $1 AND deleted_at IS NULL', [ada.id])
    for (const q of queries) {
      const [given, expected] = [await found(ada, { q, limit: 7 }), naiveSearch(tasks, q)]
      if (JSON.stringify(given.toSorted()) !== JSON.stringify(expected)) throw new Error(`${JSON.stringify(q)}: ${given.length} found, ${expected.length} expected`)
    }
  }), { numRuns: 60 })
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
  const tasks = await database.asSuperuser<Task>('SELECT id, title, description FROM tasks.tasks WHERE user_id = $1 AND deleted_at IS NULL', [ada.id])
  const terms = await database.asSuperuser<{ task_id: string, term: string }>('SELECT task_id, term FROM tasks.task_terms WHERE user_id = $1', [ada.id])
  t.same(terms.map(({ task_id: id, term }) => `${id} ${term}`).sort(), tasks.flatMap(({ id, title, description }) => [...new Set(wordsOf(`${title} ${description}`))].map((word) => `${id} ${word}`)).sort(), 'and nothing else is kept')
})

t.test('FR-220: a search is filtered, sorted and paged like any list, rare words and common ones alike', async (t) => {
  const ada = await signUp()
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>()
  for (let n = 0; n < 12; n++) await createTask(ada, { title: `Rare ${n % 4} find`, priority: n % 2 === 0 ? 'high' : 'low', ...n % 3 === 0 && { due_date: `2026-01-0${1 + n % 5}`, label_ids: [label.id] } })
  await database.asSuperuser(`
    INSERT INTO tasks.tasks (user_id, id, title, priority, completed_at) SELECT $1, gen_random_uuid(), 'Common find ' || g, (ARRAY['high', 'low'])[1 + g % 2], CASE WHEN g % 5 > 0 THEN now() END
    FROM generate_series(1, 1500) g`, [ada.id])
  for (const id of await found(ada, { q: 'rare 1' })) await call('PATCH', `/api/${ada.id}/tasks/${id}/complete`, ada)
  const rows = await database.asSuperuser<{ id: string, title: string, priority: string, completed: boolean, labelled: boolean, place: string }>(
    "SELECT id, title, priority, completed, label_ids <> '{}' AS labelled, position AS place FROM tasks.tasks WHERE user_id = $1 ORDER BY position, id", [ada.id])
  for (const [q, has] of [['rare', /Rare/], ['find', /find/], ['find common', /Common/], ['fnid commmon', /Common/], ['find 2', /find.* 2|Rare 2/], ['find rare', /Rare/], ['common 150', / 150/]] as const) {
    for (const [query, keeps] of [
      [{}, () => true],
      [{ status: 'open' }, ({ completed }) => !completed],
      [{ status: 'completed', priority: 'high' }, ({ completed, priority }) => completed && priority === 'high'],
      [{ label: label.id }, ({ labelled }) => labelled],
      [{ priority: 'low' }, ({ priority }) => priority === 'low'],
    ] as Array<[Partial<TaskQuery>, (row: typeof rows[number]) => boolean]>) {
      const expected = rows.filter((row) => has.test(row.title) && keeps(row)).map(({ id }) => id)
      t.same(await found(ada, { q, ...query, limit: 150 }), expected, `${q} ${JSON.stringify(query)}`)
      t.same(await found(ada, { q, ...query, limit: 200, direction: 'desc' }), expected.toReversed(), 'downwards')
    }
  }
  t.same((await found(ada, { q: 'rare', sort: 'title', limit: 5 })).length, 12)
  t.same((await found(ada, { q: 'rare', sort: 'due', due_after: '2026-01-01', limit: 1 })).length, rows.filter(({ title, labelled }) => title.startsWith('Rare') && labelled).length - 1)
})

t.test('FR-220: a cursor is of its own words, and the ETag changes with what is written', async (t) => {
  const ada = await userWith('Find one', 'Find two')
  const cursor = (await search(ada, { q: 'find', limit: 1 })).json<TaskPage>().next_cursor!
  t.equal((await search(ada, { q: 'find', limit: 1, cursor })).statusCode, 200)
  for (const query of [{ q: 'fin' }, {}]) t.match((await search(ada, { ...query, limit: 1, cursor })).json(), { status: 400, type: '/problems/invalid-cursor' })
  const known = async (q: string, etag: string) => (await search(ada, { q }, { 'if-none-match': etag })).statusCode === 304
  const etagOf = async (q: string) => (await search(ada, { q })).headers.etag as string
  const etag = await etagOf('find')
  t.ok(await known('find', etag))
  t.notOk(await known('one', etag))
  const misspelt = await etagOf('fnid')
  await createTask(ada, { title: 'Fnid' })
  t.notOk(await known('find', etag))
  t.notOk(await known('fnid', misspelt))
  t.equal(await titlesOf(ada, 'fnid').then((titles) => titles.join()), 'Fnid')
})

t.test('FR-220: pages are of words that mean the same: where a misspelt word has appeared since, the cursor is refused', async (t) => {
  const ada = await userWith('Water one', 'Water two', 'Water three')
  const cursorOf = async (q: string) => (await search(ada, { q, limit: 1 })).json<TaskPage>().next_cursor!
  const [misspelt, right] = [await cursorOf('wtaer'), await cursorOf('water')]
  await createTask(ada, { title: 'Something else' })
  t.equal((await search(ada, { q: 'wtaer', cursor: misspelt })).json<TaskPage>().items.length, 2)
  await createTask(ada, { title: 'Wtaer four' })
  t.match((await search(ada, { q: 'wtaer', cursor: misspelt })).json(), { status: 400, type: '/problems/invalid-cursor' })
  t.equal((await search(ada, { q: 'water', cursor: right })).json<TaskPage>().items.length, 2)
})

t.test('SEC-82: the words of another tenant are neither found nor taken for what was meant, also by row-level security alone', async (t) => {
  const [ada, mallory] = [await userWith('Confidential merger'), await userWith('Nothing of interest')]
  for (const q of ['confidential', 'merger', 'mergre', 'c', 'confidantial']) {
    const response = await search(mallory, { q })
    t.same(response.json(), { items: [], next_cursor: null }, q)
    t.equal((await call('GET', `/api/${ada.id}/tasks?q=${q}`, mallory)).statusCode, 403)
  }
  const client = new pg.Client(connectionOptions(database.settings('tasks_service')))
  await client.connect()
  t.teardown(() => client.end())
  await t.rejects(client.query('SELECT FROM tasks.task_terms'), /app.user_id/, 'no scope is an error')
  await client.query("SELECT set_config('app.user_id', $1, false)", [mallory.id])
  t.same((await client.query('SELECT term FROM tasks.task_terms ORDER BY term')).rows.map(({ term }) => term), ['interest', 'nothing', 'of'])
  const [task] = await found(ada, { q: 'merger' })
  await t.rejects(client.query('INSERT INTO tasks.task_terms (user_id, task_id, term) VALUES ($1, $2, $3)', [ada.id, task, 'planted']), /row-level security/)
  await t.rejects(client.query('INSERT INTO tasks.task_terms (user_id, task_id, term) VALUES ($1, $2, $3)', [mallory.id, task, 'planted']), /task_terms_task/)
  t.equal((await client.query("DELETE FROM tasks.task_terms WHERE term = 'merger'")).rowCount, 0)
})
