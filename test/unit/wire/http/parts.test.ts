// Hosts, the fields of one section, and our own field lines.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fieldLine } from '../../../../src/wire/http/field-lines.ts'
import { Fields } from '../../../../src/wire/http/fields.ts'
import { hostWithoutPort, isAuthority } from '../../../../src/wire/http/host.ts'

describe('host', () => {
  const authority = (text: string): boolean => isAuthority(Buffer.from(text), 0, text.length, false)

  test('names, addresses and ports', () => {
    for (const text of [
      'a',
      'a.b-c_d',
      '1.2.3.4:80',
      '[::1]',
      '[::1]:8080',
      '[1:2:3:4:5:6:7:8]',
      '[0000:0000:0000:0000:0000:ffff:255.255.255.255]:80',
      'a:',
      'a%41',
      'a:65535',
    ]) {
      assert.equal(authority(text), true, text)
    }
  })

  test('nothing else', () => {
    for (const text of [
      '',
      ':80',
      'a b',
      'u@h',
      'a/b',
      'a,b',
      'a:x',
      'a:123456',
      '[::1',
      '[]',
      '[1.2.3.4]',
      '[1::2::3]',
      '[1:2:3:4:5:6:7:8:9]',
      '[12345::]',
      `[${':'.repeat(100)}]`,
      'a:65536',
      'a:99999',
      '[::1]x',
      'a%4',
      'a%zz',
      'a"b',
      '::1',
    ]) {
      assert.equal(authority(text), false, text)
    }
    assert.equal(isAuthority(Buffer.alloc(0), 0, 0, true), true)
  })

  test('the name without port, in lower case', () => {
    const names = ['A.Test:80', '[::1]:80', '[::A]', 'x'].map(hostWithoutPort)
    assert.deepEqual(names, ['a.test', '[::1]', '[::a]', 'x'])
  })
})

describe('fields', () => {
  function parse(text: string, spaceBeforeColon = false): Fields | number {
    const fields = new Fields()
    const bytes = Buffer.from(text, 'latin1')
    const result = fields.parse(bytes, 0, bytes.length, spaceBeforeColon)
    return result > 0 ? fields : result
  }

  test('values lose surrounding white space and keep inner one', () => {
    const fields = parse('A:b\r\nB: \t c  d \t\r\nC:\r\nD: \xe4\r\n\r\n') as Fields
    const values = [0, 1, 2, 3].map((index) => fields.value(index))
    assert.deepEqual(values, ['b', 'c  d', '', '\xe4'])
    assert.deepEqual(
      [0, 1, 2].map((index) => fields.isCanonical(index)),
      [false, false, false],
    )
    assert.equal(fields.isCanonical(3), true)
  })

  test('two hundred lines fit, one more does not', () => {
    assert.equal((parse(`${'A: b\r\n'.repeat(200)}\r\n`) as Fields).count, 200)
    assert.ok((parse(`${'A: b\r\n'.repeat(201)}\r\n`) as number) < 0)
  })

  test('a space before the colon only where it is allowed', () => {
    assert.ok((parse('A : b\r\n\r\n') as number) < 0)
    assert.equal((parse('A \t: b\r\n\r\n', true) as Fields).name(0), 'a')
  })
})

describe('our own lines', () => {
  test('are written as given', () => {
    assert.equal(fieldLine('X-A', 'b c').toString(), 'X-A: b c\r\n')
    assert.equal(fieldLine('X-A', 'b\xa0').toString('latin1'), 'X-A: b\xa0\r\n')
  })

  test('are refused when they are not canonical', () => {
    for (const [name, value] of [
      ['', 'v'],
      ['a b', 'v'],
      ['a:', 'v'],
      ['a', 'b\r\nc: d'],
      ['a', 'b\nc'],
      ['a', 'b\0'],
      ['a', ' b'],
      ['a', 'b\t'],
      ['a', '\x7f'],
    ] as const) {
      assert.throws(() => fieldLine(name, value), RangeError)
    }
  })
})
