import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HttpQuestion } from '../../../src/cluster/health-rule.ts'
import { cping, httpDialect } from '../../../src/net/probe-dialect.ts'

const question: HttpQuestion = {
  method: 'HEAD',
  path: '/ready?x=1',
  host: '',
  expect: [
    [200, 299],
    [404, 404],
  ],
}
const address = { host: '::1', port: 80 }

describe('an HTTP question', () => {
  const verdict = (text: string) => httpDialect(question, address).verdict(Buffer.from(text))

  test('is a request to the address of the node or to the configured host', () => {
    const asked = (host: string) =>
      Buffer.from(httpDialect({ ...question, host }, address).request).toString()
    assert.match(asked(''), /^HEAD \/ready\?x=1 HTTP\/1\.1\r\nHost: \[::1\]:80\r\n/)
    assert.match(asked('shop.test'), /\r\nHost: shop\.test\r\n(.+\r\n)+\r\n$/)
  })

  test('is undecided until the status is complete', () => {
    for (const begin of ['', 'H', 'HTTP/1.1 2', 'HTTP/1.1 20'])
      assert.equal(verdict(begin), undefined, begin)
  })

  test('is answered by an expected status', () => {
    for (const status of [200, 204, 299, 404])
      assert.equal(verdict(`HTTP/1.1 ${status} x`)?.answered, true, String(status))
    for (const status of [301, 403, 503, 999])
      assert.deepEqual(verdict(`HTTP/1.0 ${status} x`), {
        answered: false,
        reason: `HEAD /ready?x=1 was answered by status ${status}`,
      })
  })

  test('is answered by the final response, not by interim ones', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    assert.equal(verdict(interim), undefined)
    assert.equal(verdict(`${interim}${interim}HTTP/1.1 200 OK`)?.answered, true)
    assert.equal(verdict(`${interim}HTTP/1.1 500 x`)?.answered, false)
  })

  test('is not answered by another protocol', () => {
    for (const other of ['SSH-2.0', 'HTTP/2', 'h'])
      assert.deepEqual(verdict(other), {
        answered: false,
        reason: 'the port does not speak HTTP',
      })
  })
})

test('CPING is answered by CPONG', () => {
  const isAnswer = (...bytes: number[]) => cping.verdict(Buffer.from(bytes))?.answered
  assert.equal(isAnswer(0x41, 0x42, 0, 1), undefined)
  assert.equal(isAnswer(0x41, 0x42, 0, 1, 9), true)
  assert.equal(isAnswer(0x41, 0x42, 0, 1, 8), false)
})
