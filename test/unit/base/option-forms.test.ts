import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkForms } from '../../../src/base/option-forms.ts'

const forms = {
  contexts: 'texts',
  route: 'text',
  port: 'number',
  key: 'text or texts',
  changed: 'function',
  log: 'logger',
  drain: { deadlineMs: 'number', upgraded: 'boolean' },
} as const

const problemsOf = (options: object): string[] => {
  const problems: string[] = []
  checkForms(options, forms, problems)
  return problems
}

test('known options of the right form have no problem, nor have those without a value', () => {
  const drain = { deadlineMs: 1, upgraded: true }
  assert.deepEqual(problemsOf({ contexts: ['/'], key: 'x', changed: () => {}, drain }), [])
  assert.deepEqual(problemsOf({ route: undefined, key: ['x'], drain: undefined }), [])
})

test('a misspelt option is reported with the one that was meant, also below a group', () => {
  assert.deepEqual(problemsOf({ contxts: ['/x'], drain: { deadline: 5 } }), [
    'contxts is not an option; did you mean contexts?',
    'drain.deadline is not an option; did you mean drain.deadlineMs?',
  ])
  assert.deepEqual(problemsOf({ colour: 'red' }), [
    'colour is not an option; known here: contexts, route, port, key, changed, log, drain',
  ])
})

test('a name that every object has is no option', () => {
  assert.equal(problemsOf(JSON.parse('{"__proto__": 1, "constructor": 2}')).length, 2)
})

test('a log is a logger or false', () => {
  assert.deepEqual(problemsOf({ log: console }), [])
  assert.deepEqual(problemsOf({ log: false }), [])
  for (const log of [true, null, console.log, { info() {} }])
    assert.match(problemsOf({ log }).join(), /^log: pass a logger with the methods/)
})

test('a value of another form is one problem that shows the right one', () => {
  assert.deepEqual(problemsOf({ contexts: '/x' }), ['contexts: write a list of texts: ["/x"]'])
  assert.deepEqual(problemsOf({ contexts: ['/x', 1], port: '80', drain: 5 }), [
    'contexts: write a list of texts',
    'port: write a number',
    'drain: write an object with deadlineMs, upgraded',
  ])
})
