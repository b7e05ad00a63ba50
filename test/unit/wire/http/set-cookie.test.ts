import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSetCookie } from '../../../../src/wire/http/set-cookie.ts'

const now = Date.UTC(2026, 0, 1)
const isSession = (field: string): boolean => readSetCookie(field, now).isSession

test('name and value, with and without quotes and blanks', () => {
  for (const field of ['sid=a.b', ' sid = "a.b" ; Path=/', 'sid="a.b"; a=b', 'sid=a.b;HttpOnly']) {
    const { name, value } = readSetCookie(field, now)
    assert.deepEqual([name, value], ['sid', 'a.b'], field)
  }
  assert.equal(readSetCookie('sid=a=b==; Path=/', now).value, 'a=b==')
  assert.equal(readSetCookie('flag', now).name, '')
})

test('a cookie without lifetime, or that scripts cannot read, may carry a session', () => {
  for (const field of [
    'connect.sid=s%3Aabc.def; Path=/; HttpOnly',
    'connect.sid=s%3Aabc; Path=/; Expires=Fri, 02 Jan 2026 00:00:00 GMT; HttpOnly',
    'sessionId=a; Max-Age=3600; httponly; Secure',
    'token=a; Path=/',
  ]) {
    assert.equal(isSession(field), true, field)
  }
})

test('a setting that lasts, and a cookie that is deleted, carry none', () => {
  for (const field of [
    'theme=dark; Max-Age=31536000; Path=/',
    'lang=de; Expires=Fri, 02 Jan 2027 00:00:00 GMT',
    'connect.sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly',
    'connect.sid=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly',
    'sid=x; Max-Age=0; HttpOnly',
    'sid=x; Max-Age=-1; Expires=Fri, 02 Jan 2027 00:00:00 GMT; HttpOnly',
    'sid=; HttpOnly',
    'flag',
    '',
  ]) {
    assert.equal(isSession(field), false, field)
  }
})

test('Max-Age comes before Expires, and what cannot be read is ignored', () => {
  assert.equal(
    isSession('sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; HttpOnly'),
    true,
  )
  assert.equal(isSession('sid=x; Max-Age=soon; Expires=never'), true)
})
