// What a node is told about its client: lines of our own, and what a trusted hop said before.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ForwardedFields, viaLines } from '../../../src/wire/forwarded.ts'
import { Fields } from '../../../src/wire/http/fields.ts'
import { Out } from '../../../src/wire/http/out.ts'

function lines(address: string, trusted: boolean, host: string, ...given: string[]): string[] {
  const forwarded = new ForwardedFields({ address, scheme: 'http', via: viaLines('us'), trusted })
  const bytes = Buffer.from(`${host}${given.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1')
  const fields = new Fields()
  fields.parse(bytes, host.length, bytes.length, false)
  const out = new Out(8)
  forwarded.write(fields, 1, 0, host.length, out)
  return out.content.toString('latin1').split('\r\n').slice(0, -1)
}

describe('forwarded', () => {
  test('an address, a scheme and a host in both notations', () => {
    assert.deepEqual(lines('10.0.0.1', false, 'a.test:81'), [
      'Via: 1.1 us',
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.test:81',
      'Forwarded: for=10.0.0.1;proto=http;host="a.test:81"',
    ])
  })

  test('IPv6 is quoted and in brackets in Forwarded, and bare elsewhere', () => {
    const told = lines('2001:db8::1', false, '')
    assert.ok(told.includes('X-Forwarded-For: 2001:db8::1'))
    assert.ok(told.includes('Forwarded: for="[2001:db8::1]";proto=http'))
    assert.equal(
      told.some((line) => line.startsWith('X-Forwarded-Host')),
      false,
    )
  })

  test('claims are believed from trusted hops only', () => {
    const claims = [
      'X-Forwarded-For: 1.1.1.1',
      'x-forwarded-for: 2.2.2.2',
      'X-Forwarded-Proto: https',
    ]
    assert.ok(lines('10.0.0.1', false, 'h', ...claims).includes('X-Forwarded-For: 10.0.0.1'))
    const told = lines('10.0.0.1', true, 'h', ...claims)
    assert.ok(told.includes('X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.1'))
    assert.ok(told.includes('X-Forwarded-Proto: https'))
    assert.ok(told.includes('X-Forwarded-Host: h'))
  })

  test('the certificate of a client stands there in the form of RFC 9440', () => {
    const certificate = Buffer.from('not really one')
    const about = {
      address: '10.0.0.1',
      scheme: 'https',
      via: viaLines('us'),
      trusted: false,
    } as const
    const forwarded = new ForwardedFields({ ...about, certificate })
    const out = new Out(8)
    forwarded.write(new Fields(), 1, 0, 0, out)
    const told = out.content.toString('latin1').split('\r\n')
    assert.ok(told.includes(`Client-Cert: :${certificate.toString('base64')}:`))
    assert.ok(told.includes('X-Forwarded-Proto: https'))
  })

  test('one object tells of each host that comes', () => {
    const forwarded = new ForwardedFields({
      address: '1.2.3.4',
      scheme: 'http',
      via: viaLines('us'),
      trusted: false,
    })
    for (const host of ['a.test', 'b.test', 'a.testing', '']) {
      const fields = new Fields()
      fields.bytes = Buffer.from(host)
      const out = new Out(8)
      forwarded.write(fields, 0, 0, host.length, out)
      const text = out.content.toString()
      assert.match(text, /^Via: 1\.0 us\r\n/)
      assert.equal(/X-Forwarded-Host: (.*)\r/.exec(text)?.[1], host === '' ? undefined : host)
    }
  })
})
