import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainQuestion, queryOf, readParameters } from '../../../src/control/parameters.ts'

test('names are read without regard to case, and the last value of a name counts', () => {
  assert.deepEqual(
    [...(readParameters('Cmd=A&REFRESH=1&&x=%26&cmd=B') ?? [])],
    [
      ['cmd', 'B'],
      ['refresh', '1'],
      ['x', '&'],
    ],
  )
  assert.equal(readParameters('')?.size, 0)
})

test('a part without "=" makes all parameters invalid', () => {
  assert.equal(readParameters('a=1&b'), undefined)
})

test('the query of a target begins after its first question mark', () => {
  assert.equal(queryOf('/a?b=c?d'), 'b=c?d')
  assert.equal(queryOf('/a'), '')
})

test('a URL is explained by host and target, with localhost and / as defaults', () => {
  const question = (url: string) => explainQuestion(`url=${encodeURIComponent(url)}`)
  const rest = { cookie: '', client: '127.0.0.1' }
  assert.deepEqual(question('http://shop.test:80/a?b#c'), {
    host: 'shop.test:80',
    target: '/a?b',
    ...rest,
  })
  assert.deepEqual(question('https://shop.test'), {
    host: 'shop.test',
    target: '/',
    isSecure: true,
    ...rest,
  })
  assert.deepEqual(question('/a'), { host: 'localhost', target: '/a', ...rest })
})

test('a question may name a method, GET by default', () => {
  assert.equal(explainQuestion('url=/a&method=POST')?.method, 'POST')
  assert.equal(explainQuestion('url=/a&method=GET')?.method, undefined)
  assert.equal(explainQuestion('url=/a&method=A%20B'), undefined)
})

test('cookie and client of a question are optional', () => {
  assert.deepEqual(explainQuestion('url=/a&cookie=A%3D1&client=10.0.0.1'), {
    host: 'localhost',
    target: '/a',
    cookie: 'A=1',
    client: '10.0.0.1',
  })
})

test('a question may have any header fields', () => {
  const question = explainQuestion('url=/a&header=X-A%3A+1&header=X-B%3A2')
  assert.deepEqual(question?.headers, ['X-A: 1', 'X-B:2'])
  assert.equal(explainQuestion('url=/a&header=X-A%3A1%0D%0AHost%3Ab'), undefined)
})

test('without a URL, with another scheme or with a line break there is no question', () => {
  for (const query of [
    '',
    'url=',
    'url',
    'url=ftp%3A%2F%2Fa%2F',
    'url=shop',
    'url=%2Fa%20b',
    'url=%2Fa&cookie=x%0D%0Ay',
    'url=%2Fa&client=x%0Ay',
  ])
    assert.equal(explainQuestion(query), undefined, query)
})
