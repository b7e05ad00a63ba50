import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggest } from '../../../src/base/suggest.ts'

const known = ['listen', 'control', 'to', 'timeouts', 'useAlias']

test('a missing, wrong, swapped or doubled letter still finds the word', () => {
  assert.equal(suggest('lisen', known), 'listen')
  assert.equal(suggest('lisden', known), 'listen')
  assert.equal(suggest('litsen', known), 'listen')
  assert.equal(suggest('controll', known), 'control')
  assert.equal(suggest('usealias', known), 'useAlias')
})

test('a word that resembles nothing gets no suggestion', () => {
  assert.equal(suggest('workers', known), undefined)
  assert.equal(suggest('x', ['listen']), undefined)
})

test('a singular is near its plural, however many letters that takes', () => {
  assert.equal(suggest('PROXY', ['PROXIES']), 'PROXIES')
  assert.equal(suggest('alias', ['aliases']), 'aliases')
})

test('a limit of edits keeps names with the same beginning apart', () => {
  assert.equal(suggest('ADVERTISE_TTL', ['ADVERTISE_KEY'], 2), undefined)
})
