import t from 'tap'
import fc from 'fast-check'
import Fastify from 'fastify'
import { LogIn, SignUp } from '@daymark/auth/contracts'
import { NewTask, TaskReplacement } from '@daymark/tasks/contracts'
import { type TObject, Type } from '@sinclair/typebox'
import { fieldAttributes } from '../app/forms/field-attributes.ts'
import { fieldFault } from '../app/forms/field-rules.ts'
import { formGuide, formReader } from '../app/forms/form-reader.server.ts'
import { readCompletion } from '../app/forms/task-forms.server.ts'

const form = (fields: Record<string, string> | Array<[string, string]>) => {
  const data = new FormData()
  for (const [name, value] of Array.isArray(fields) ? fields : Object.entries(fields)) data.append(name, value)
  return data
}
const EditTask = Type.Pick(TaskReplacement, ['title', 'description'], { additionalProperties: false })

t.test('a whole form is read; what may be missing and is empty is left out', async (t) => {
  t.match(formReader(SignUp)(form({ email: 'ada@example.com', password: 'long enough', display_name: '' })), { ok: true, value: { email: 'ada@example.com', password: 'long enough' } })
  t.notOk('display_name' in (formReader(SignUp)(form({ email: 'ada@example.com', password: 'long enough', display_name: '' })) as { value: object }).value)
  t.match(formReader(EditTask)(form({ title: 'x', description: '' })), { ok: true, value: { title: 'x', description: '' } })
})

t.test('line ends of a textarea become LF, and count once', async (t) => {
  const read = formReader(EditTask)(form({ title: 'x', description: 'one\r\ntwo\rthree' }))
  t.match(read, { ok: true, value: { description: 'one\ntwo\nthree' } })
  t.ok(formReader(EditTask)(form({ title: 'x', description: '\r\n'.repeat(20_000) })).ok)
})

t.test('lengths count code points', async (t) => {
  t.ok(formReader(EditTask)(form({ title: '🌅'.repeat(200), description: '' })).ok)
  t.notOk(formReader(EditTask)(form({ title: '🌅'.repeat(201), description: '' })).ok)
})

t.test('every field that is wrong or missing is named, and what was typed is kept', async (t) => {
  const read = formReader(SignUp)(form({ email: 'ada' }))
  t.match(read, { ok: false, answer: { values: { email: 'ada' }, errors: { email: String, password: String } } })
})

t.test('SEC-73: a password never comes back', async (t) => {
  const read = formReader(SignUp)(form({ email: 'ada', password: 'short' }))
  t.notOk(JSON.stringify(read).includes('short'))
})

t.test('SEC-84: fields the contract does not name are refused, as are fields given twice', async (t) => {
  const whole = { email: 'ada@example.com', password: 'long enough' }
  for (const extra of ['role', 'user_id', '__proto__', 'constructor', 'toString']) t.notOk(formReader(SignUp)(form([...Object.entries(whole), [extra, 'admin']])).ok, extra)
  t.notOk(formReader(SignUp)(form([...Object.entries(whole), ['email', 'eve@example.com']])).ok)
})

t.test('booleans and ids are read for what they are', async (t) => {
  const id = '01890000-0000-7000-8000-000000000000'
  t.match(readCompletion(form({ id, completed: 'false' })), { ok: true, value: { id, completed: false } })
  for (const completed of ['', 'yes', '1', 'TRUE']) t.notOk(readCompletion(form({ id, completed })).ok)
  t.notOk(readCompletion(form({ id: '../admin', completed: 'true' })).ok)
})

t.test('the browser and the service agree on what is right, for any text', async (t) => {
  const service = Fastify({ ajv: { customOptions: { removeAdditional: false, coerceTypes: false, keywords: ['x-detail'] } } })
  const contracts: Record<string, TObject> = { SignUp, LogIn, NewTask: Type.Pick(NewTask, ['title', 'description'], { additionalProperties: false }) }
  for (const [name, schema] of Object.entries(contracts)) service.post(`/${name}`, { schema: { body: schema } }, async () => 'ok')
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary', minLength: 195, maxLength: 260 }), fc.emailAddress(),
    fc.constantFrom('', ' ', '🌅'.repeat(8), '🌅'.repeat(7), 'a@b', 'a@b.c', `${'a'.repeat(250)}@b.c`, '\u3000'),
  )
  for (const [name, schema] of Object.entries(contracts)) {
    const read = formReader(schema)
    const fields = Object.fromEntries(Object.keys(schema.properties).map((field) => [field, text.map((value) => value.replaceAll('\r', ''))]))
    await fc.assert(fc.asyncProperty(fc.record(fields), async (values) => {
      const optional = Object.keys(values).filter((field) => !schema.required?.includes(field) && values[field] === '')
      const payload = Object.fromEntries(Object.entries(values).filter(([field]) => !optional.includes(field)))
      const { statusCode } = await service.inject({ method: 'POST', url: `/${name}`, payload })
      return read(form(values)).ok === (statusCode === 200)
    }), { numRuns: 300 })
  }
  await service.close()
})

t.test('HTML attributes never refuse or cut off what the contract takes', async (t) => {
  const { email, password } = formGuide(SignUp)
  const { title } = formGuide(EditTask)
  t.same(fieldAttributes(email!.rules), { required: true, type: 'email', minLength: 3, maxLength: 508 })
  t.same(fieldAttributes(password!.rules, 'password'), { required: true, minLength: 8 }, 'SEC-15: a pasted password is never cut')
  t.match(fieldAttributes(title!.rules), { required: true, maxLength: 400, pattern: String })
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 250 }), (text) => {
    const { maxLength = Infinity, pattern } = fieldAttributes(title!.rules)
    const isTaken = fieldFault(title!.rules, text) === null && !/[\r\n\u2028\u2029]/.test(text)
    return !isTaken || (text.length <= maxLength && new RegExp(`^(?:${pattern})$`, 'v').test(text))
  }))
})
