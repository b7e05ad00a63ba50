// The fields about the client: our own lines, and those of trusted proxies.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ForwardedFields, viaLines } from '../../../src/wire/forwarded.ts'
import { Fields } from '../../../src/wire/http/fields.ts'
import { Out } from '../../../src/wire/http/out.ts'

function lines(
  address: string,
  trusted: boolean,
  host: string,
  header: 'x-forwarded-for' | 'forwarded' = 'x-forwarded-for',
  ...given: string[]
): string[] {
  const forwarded = new ForwardedFields({
    address,
    scheme: 'http',
    via: viaLines('us'),
    trusted,
    header,
    isTrusted: (other) => other.startsWith('10.'),
  })
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

  test('forwarding fields are passed on from trusted hops only', () => {
    const claims = [
      'X-Forwarded-For: 1.1.1.1',
      'x-forwarded-for: 2.2.2.2',
      'X-Forwarded-Proto: https',
    ]
    assert.ok(
      lines('10.0.0.1', false, 'h', undefined, ...claims).includes('X-Forwarded-For: 10.0.0.1'),
    )
    const told = lines('10.0.0.1', true, 'h', undefined, ...claims)
    assert.ok(told.includes('X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.1'))
    assert.ok(told.includes('X-Forwarded-Proto: https'))
    assert.ok(told.includes('X-Forwarded-Host: h'))
  })

  test('of a trusted hop, only http and https pass as protocols', () => {
    for (const [given, expected] of [
      ['https', 'https'],
      ['HTTPS', 'https'],
      ['wss', 'https'],
      ['ws', 'http'],
      ['https,http', 'https, http'],
      ['javascript', 'http'],
      ['https"; evil', 'http'],
      ['https, gopher', 'http'],
      ['', 'http'],
    ]) {
      const told = lines(
        '10.0.0.1',
        true,
        'h',
        undefined,
        `X-Forwarded-Proto: ${given}`,
        'X-Forwarded-For: 9.9.9.9',
      )
      assert.ok(told.includes(`X-Forwarded-Proto: ${expected}`), `${given}: ${told}`)
      assert.doesNotMatch(told.join(), /gopher|evil|script/)
    }
    const forwarded = 'Forwarded: for=9.9.9.9;proto=gopher'
    const told = lines('10.0.0.1', true, 'h', 'forwarded', forwarded)
    assert.ok(told.includes('X-Forwarded-Proto: http'))
    assert.ok(told.includes('Forwarded: for=9.9.9.9, for=10.0.0.1;proto=http;host="h"'))
  })

  test('of a trusted hop, only authorities pass as hosts', () => {
    for (const header of ['x-forwarded-for', 'forwarded'] as const) {
      for (const given of [
        'Forwarded: for=9.9.9.9;host="e\\"vil"',
        'Forwarded: for=9.9.9.9;host="a/b"',
        'Forwarded: for=9.9.9.9;host="u@vil"',
        'Forwarded: for=9.9.9.9;host="x<vil>"',
      ]) {
        for (const more of [[], ['X-Forwarded-For: 9.9.9.9']]) {
          const told = lines('10.0.0.1', true, 'h', header, given, ...more)
          assert.doesNotMatch(told.join('\n'), /vil|a\/b/, given)
          assert.ok(told.includes('X-Forwarded-For: 9.9.9.9, 10.0.0.1'), told.join('\n'))
          assert.ok(told.includes('X-Forwarded-Host: h'))
        }
      }
    }
    for (const [given, expected] of [
      ['shop.test:81', 'shop.test:81'],
      ['a.test, b.test', 'a.test, b.test'],
      ['e"vil', 'h'],
      ['u@vil', 'h'],
      ['a.test, e"vil', 'h'],
      ['vil\xa0', 'h'],
    ]) {
      const told = lines(
        '10.0.0.1',
        true,
        'h',
        undefined,
        'X-Forwarded-For: 9.9.9.9',
        `X-Forwarded-Host: ${given}`,
      )
      assert.ok(told.includes(`X-Forwarded-Host: ${expected}`), `${given}: ${told}`)
      assert.doesNotMatch(told.join('\n'), /vil/)
    }
  })

  const front = 'X-Forwarded-For: 9.9.9.9'
  const both = (header: 'x-forwarded-for' | 'forwarded', ...given: string[]): string[] =>
    lines('10.0.0.1', true, 'h', header, ...given).slice(1)

  for (const [what, field] of [
    ['another address', 'Forwarded: for=10.0.0.5'],
    ['more addresses', 'Forwarded: for=1.1.1.1, for=10.0.0.5;proto=https'],
    ['a host that holds an element', 'Forwarded: for=9.9.9.9;host="a,for=1.2.3.4"'],
    ['a quoted string without end', 'Forwarded: for="9.9.9.9'],
    ['no grammar', 'Forwarded: 8.8.8.8'],
  ] as const) {
    test(`X-Forwarded-For of a trusted hop applies beside a Forwarded with ${what}`, () => {
      const told = both('x-forwarded-for', front, field, 'X-Forwarded-Proto: https')
      assert.deepEqual(told[0], 'X-Forwarded-For: 9.9.9.9, 10.0.0.1')
      assert.match(
        told[3] ?? '',
        /^Forwarded: for=9\.9\.9\.9;.*, for=10\.0\.0\.1;proto=http;host="h"$/,
      )
    })
  }

  test('Forwarded stays unchanged when both fields agree', () => {
    const field = 'Forwarded: for="9.9.9.9:77";by=_secret;proto=https'
    assert.equal(
      both('x-forwarded-for', front, field, 'X-Forwarded-Proto: https')[3],
      `${field}, for=10.0.0.1;proto=http;host="h"`,
    )
  })

  for (const field of ['for=9.9.9.9;proto=https', 'for=9.9.9.9;host=other.test'])
    test(`a Forwarded with "${field}" is written anew where X-Forwarded-* tell otherwise`, () => {
      const told = both('x-forwarded-for', front, `Forwarded: ${field}`)
      assert.deepEqual(told, [
        'X-Forwarded-For: 9.9.9.9, 10.0.0.1',
        'X-Forwarded-Proto: http',
        'X-Forwarded-Host: h',
        'Forwarded: for=9.9.9.9, for=10.0.0.1;proto=http;host="h"',
      ])
    })

  for (const given of [
    ['Forwarded: for="', 'Forwarded: for=9.9.9.9;proto=https'],
    ['Forwarded: 1.1.1.1, for=9.9.9.9;proto=https'],
    ['Forwarded: for=", for=9.9.9.9;proto="https"'],
    ['Forwarded: for=1.1.1.1;for=2.2.2.2', 'Forwarded: for=9.9.9.9;proto=https'],
    ['Forwarded: for="1.1.1.1', 'Forwarded: x", for=9.9.9.9;proto=https'],
  ])
    test(`what a client has made unreadable hides no nearer element: ${given.join(' | ')}`, () => {
      for (const header of ['forwarded', 'x-forwarded-for'] as const) {
        const isApplied = header === 'forwarded'
        const told = both(header, ...given, ...(isApplied ? ['X-Forwarded-For: 10.0.0.5'] : []))
        assert.deepEqual(told, [
          'X-Forwarded-For: 9.9.9.9, 10.0.0.1',
          'X-Forwarded-Proto: https',
          'X-Forwarded-Host: h',
          'Forwarded: for=9.9.9.9;proto=https, for=10.0.0.1;proto=http;host="h"',
        ])
      }
    })

  test('where Forwarded applies, an unreadable one gives X-Forwarded-For no say', () => {
    for (const field of ['for="9.9.9.9', '8.8.8.8', 'for=1.1.1.1;for=2.2.2.2'])
      assert.equal(
        both('forwarded', `Forwarded: ${field}`, 'X-Forwarded-For: 10.0.0.5')[0],
        'X-Forwarded-For: 10.0.0.1',
        field,
      )
  })

  test('Forwarded alone determines X-Forwarded-*', () => {
    const field = 'Forwarded: for="[2001:db8::7]:99";proto=https;host="a.test:81"'
    assert.deepEqual(both('x-forwarded-for', field), [
      'X-Forwarded-For: 2001:db8::7, 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: a.test:81',
      `${field}, for=10.0.0.1;proto=http;host="h"`,
    ])
  })

  test('Forwarded applies when it is configured', () => {
    assert.deepEqual(both('forwarded', front, 'Forwarded: for=8.8.8.8;proto=https'), [
      'X-Forwarded-For: 8.8.8.8, 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: h',
      'Forwarded: for=8.8.8.8;proto=https, for=10.0.0.1;proto=http;host="h"',
    ])
    assert.equal(both('forwarded', front)[0], 'X-Forwarded-For: 9.9.9.9, 10.0.0.1')
  })

  test('the protocol is that of the first connection to a trusted proxy', () => {
    const field =
      'Forwarded: for=6.6.6.6;proto=http, for=8.8.8.8;proto=https, for=10.0.0.2;proto=http'
    const told = both('forwarded', field)
    assert.equal(told[1], 'X-Forwarded-Proto: https')
    assert.equal(told[0], 'X-Forwarded-For: 6.6.6.6, 8.8.8.8, 10.0.0.2, 10.0.0.1')
  })

  test('a node name that is no address is passed on as it is', () => {
    assert.equal(
      both('x-forwarded-for', 'Forwarded: for=unknown, for=_hidden')[0],
      'X-Forwarded-For: unknown, _hidden, 10.0.0.1',
    )
    assert.match(
      both('x-forwarded-for', 'X-Forwarded-For: a"b, ::1, 1.2.3.4:5')[3] ?? '',
      /^Forwarded: for=unknown, for="\[::1\]", for=1\.2\.3\.4, for=10/,
    )
  })

  for (const name of ['_a, 5.5.5.5', '6.6.6.6, for=7.7.7.7', 'a b', '5.5.5.5,']) {
    test(`the quoted node name "${name}" adds no address to X-Forwarded-For`, () => {
      const field = `Forwarded: for="${name}"`
      assert.deepEqual(both('x-forwarded-for', field), [
        'X-Forwarded-For: unknown, 10.0.0.1',
        'X-Forwarded-Proto: http',
        'X-Forwarded-Host: h',
        `${field}, for=10.0.0.1;proto=http;host="h"`,
      ])
    })
  }

  test('the certificate of a client has the form of RFC 9440', () => {
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

  test('one object writes the host of each request', () => {
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
