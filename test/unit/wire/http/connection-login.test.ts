import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asksConnectionLogin,
  hasConnectionLogin,
  isConnectionLogin,
} from '../../../../src/wire/http/connection-login.ts'
import { Fields } from '../../../../src/wire/http/fields.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

const ofConnection = [
  'NTLM',
  'ntlm TlRMTVNTUAAB',
  'Negotiate YII=',
  'NEGOTIATE',
  'Kerberos x',
  'Nego2',
]
const ofRequest = [
  'Basic bnRsbTpuZWdv',
  'Bearer ntlm',
  'Digest username="ntlm"',
  'NTLMv9 x',
  'x-ntlm',
  '',
]

test('NTLM and its like log in a connection, other schemes a request', () => {
  for (const value of ofConnection) assert.equal(isConnectionLogin(value), true, value)
  for (const value of ofRequest) assert.equal(isConnectionLogin(value), false, value)
})

test('credentials are recognised in any line of Authorization and Proxy-Authorization', () => {
  const head = new RequestHead()
  const parsed = (...lines: string[]): boolean => {
    const bytes = Buffer.from(
      `GET / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`,
      'latin1',
    )
    assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
    return head.bindsConnection
  }
  for (const value of ofConnection) {
    const bytes = Buffer.from(value)
    assert.equal(hasConnectionLogin(bytes, 0, bytes.length), true, value)
    assert.equal(parsed(`Authorization: ${value}`), true, value)
    assert.equal(parsed(`proxy-authorization: ${value}`, 'Authorization: Basic x'), true, value)
    assert.equal(parsed(`Authorization: ${value}`, 'Authorization: Basic x'), true, value)
  }
  for (const value of ofRequest) assert.equal(parsed(`Authorization: ${value}`), false, value)
})

test('a challenge is recognised in any line and at any place of a list', () => {
  const asks = (...lines: string[]): boolean => {
    const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    const fields = new Fields()
    assert.equal(fields.parse(bytes, 0, bytes.length, true), bytes.length)
    return asksConnectionLogin(fields)
  }
  assert.equal(asks('WWW-Authenticate: Negotiate', 'WWW-Authenticate: NTLM'), true)
  assert.equal(asks('WWW-Authenticate: Basic realm="a"', 'www-authenticate: ntlm'), true)
  assert.equal(asks('WWW-Authenticate: Basic realm="a, b",\tNTLM, Digest nonce="x"'), true)
  assert.equal(asks('Proxy-Authenticate: Negotiate'), true)
  assert.equal(asks('WWW-Authenticate: Basic realm="NTLM"', 'X-Note: NTLM'), false)
})
