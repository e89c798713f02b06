import t from 'tap'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { Label, List, Task, TaskPage } from '../contracts.ts'
import { changesOf, replay, stateOf } from './replay.ts'
import { startTasks } from './start-tasks.ts'

t.setTimeout(30 * 60 * 1000)
const { app, signUp, call, createTask, database } = await startTasks(t)

t.test('FR-200: a hundred editors of one task with If-Match: each lost write is told, and what is left is the accepted ones, one after the other', async (t) => {
  const ada = await signUp()
  const task = await createTask(ada, { title: 'Everybody\'s', description: '' })
  const url = `/api/${ada.id}/tasks/${task.id}`
  let refused = 0
  const accepted: Array<{ version: number, description: string }> = []
  await Promise.all(Array.from({ length: 100 }, async (_, editor) => {
    let seen = task
    for (;;) {
      const answer = await call('PATCH', url, ada, { description: `${seen.description}${editor};` }, { 'if-match': `"${seen.version}-1"` })
      if (answer.statusCode === 200) return accepted.push(answer.json())
      if (answer.statusCode !== 412) throw new Error(answer.body)
      refused++
      seen = answer.json<{ current: Task }>().current
    }
  }))
  accepted.sort((a, b) => a.version - b.version)
  t.ok(refused >= 99, `${refused} lost writes were told`)
  t.same(accepted.map(({ version }) => version), Array.from({ length: 100 }, (_, n) => n + 2))
  accepted.forEach(({ description }, n) => { if (!description.startsWith(accepted[n - 1]?.description ?? '')) t.fail(`${description} has lost what was there`) })
  const last = (await call('GET', url, ada)).json<Task>()
  t.same(last.description.split(';').slice(0, -1).map(Number).sort((a, b) => a - b), Array.from({ length: 100 }, (_, n) => n))
  t.equal(last.description, accepted.at(-1)?.description)
  t.same(replay(await changesOf(database, ada)), await stateOf(database, ada))
})

t.test('FR-200: without If-Match merge patches of different fields all survive, whichever comes when', async (t) => {
  const ada = await signUp()
  const parent = await createTask(ada, { title: 'Parent' })
  const list = (await call('POST', `/api/${ada.id}/lists`, ada, { name: 'House' })).json<List>().id
  const label = (await call('POST', `/api/${ada.id}/labels`, ada, { name: 'home' })).json<Label>().id
  for (let round = 0; round < 10; round++) {
    const { id } = await createTask(ada, { title: 'Before' })
    const patches = { title: 'After', description: 'd', completed: true, list_id: list, parent_id: parent.id, priority: 'high', due_date: '2026-05-01', start_date: '2026-04-01', label_ids: [label] }
    const answers = await Promise.all(Object.entries(patches).map(([name, value]) => call('PATCH', `/api/${ada.id}/tasks/${id}`, ada, { [name]: value })))
    t.same(answers.map(({ statusCode }) => statusCode), answers.map(() => 200))
    t.match((await call('GET', `/api/${ada.id}/tasks/${id}`, ada)).json(), { ...patches, version: 10 })
  }
})

t.test('FR-202: a thousand times the answer of a POST is lost with its connection: there is one effect, and the answer is the same', async (t) => {
  const ada = await signUp()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const path = `/api/${ada.id}/tasks`
  const key = randomUUID()
  const body = JSON.stringify({ title: 'Once' })
  const request = `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: ${ada.headers.authorization}\r\nidempotency-key: ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const answers: string[] = []
  /** Sends it and goes: before anything can be answered, or when all of it has come, as if it had not. */
  async function sendAndGo (when: 'sent' | 'answered') {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    await new Promise<void>((resolve) => { socket.write(request, () => { resolve() }) })
    if (when === 'answered') {
      let answer = ''
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        answer += chunk.toString()
        const [head = '', body = ''] = answer.split('\r\n\r\n')
        if (body.length >= Number(/content-length: (\d+)/.exec(head)?.[1] ?? Infinity)) break
      }
      answers.push(answer.split('\r\n\r\n')[1] ?? '')
    }
    socket.destroy()
  }
  await sendAndGo('sent')
  for (let round = 0; round < 50; round++) await Promise.all(Array.from({ length: 20 }, (_, n) => sendAndGo(n % 2 === 0 ? 'sent' : 'answered')))
  const retry = await call('POST', path, ada, { title: 'Once' }, { 'idempotency-key': key })
  t.equal(retry.statusCode, 201)
  t.equal(retry.headers['idempotency-replayed'], 'true')
  t.equal(answers.length, 500)
  t.same([...new Set(answers)], [retry.body])
  t.equal((await call('GET', path, ada)).json<TaskPage>().items.length, 1)
  t.equal((await changesOf(database, ada)).length, 2, 'with the Inbox')
})
