import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostPortText, parseSocketAddress } from '../../../src/base/host-port.ts'
import { parseUnixAddress, socketPathMax, socketPathOf } from '../../../src/base/unix-address.ts'

test('a unix socket is written with its absolute path, with or without an empty authority', () => {
  for (const text of ['unix:/run/app.sock', 'unix:///run/app.sock'])
    assert.deepEqual(parseUnixAddress(text), { host: 'unix:/run/app.sock', port: 0 })
  assert.equal(socketPathOf('unix:/run/app.sock'), '/run/app.sock')
  assert.equal(socketPathOf('127.0.0.1'), undefined)
})

test('other texts are no unix socket', () => {
  const long = `unix:/${'x'.repeat(socketPathMax)}`
  for (const text of [
    'unix:',
    'unix:/',
    'unix:run/app.sock',
    'unix://run/app.sock',
    'unix:/run/',
    'unix:/a b',
    'unix:/a,b',
    'unix:/a\nb',
    '/run/app.sock',
    long,
  ])
    assert.equal(parseUnixAddress(text), undefined, text)
  assert.notEqual(parseUnixAddress(long.slice(0, -1)), undefined)
})

test('an address is a unix socket or host and port, with https:// in front for TLS', () => {
  assert.deepEqual(parseSocketAddress('https://unix:/run/a.sock'), {
    host: 'unix:/run/a.sock',
    port: 0,
    tls: true,
  })
  assert.deepEqual(parseSocketAddress('http://unix:/run/a.sock'), {
    host: 'unix:/run/a.sock',
    port: 0,
  })
  assert.deepEqual(parseSocketAddress('8000'), { host: '127.0.0.1', port: 8_000 })
  assert.equal(parseSocketAddress('unix:'), undefined)
})

test('a unix socket is shown without port and brackets', () => {
  assert.equal(hostPortText({ host: 'unix:/run/a.sock', port: 0 }), 'unix:/run/a.sock')
})
