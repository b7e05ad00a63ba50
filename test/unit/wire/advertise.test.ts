// mod_advertise's datagram: recorded ones are read, ours have the same form, and modified ones are refused.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  type Advertisement,
  readAdvertisement,
  writeAdvertisement,
} from '../../../src/wire/advertise.ts'

const recordings = join(import.meta.dirname, '../../../../../shared/recordings/advertise')
const absent = existsSync(recordings) ? false : 'no recordings beside the repository'

const here: Advertisement = {
  status: 200,
  time: Date.UTC(2026, 10, 21, 4, 35, 16),
  sequence: 2,
  server: '3d95aa59-2ada-4be6-b3a5-0679b37bdbad',
  manager: {
    address: '127.0.0.1:8191',
    url: '/3d95aa59-2ada-4be6-b3a5-0679b37bdbad',
    protocol: 'http',
    host: 'localhost',
  },
}

describe('datagrams of httpd', { skip: absent }, () => {
  test('are read with their key, and with no other', () => {
    for (const name of readdirSync(recordings).filter((file) => file.endsWith('.bin'))) {
      const bytes = readFileSync(join(recordings, name))
      const key = name.startsWith('key-is-sesame') ? 'sesame' : ''
      const read = readAdvertisement(bytes, key)
      assert.equal(typeof read, 'object', `${name}: ${JSON.stringify(read)}`)
      assert.equal(readAdvertisement(bytes, `${key}x`), 'digest', name)
      assert.equal(readAdvertisement(bytes, key === '' ? 'sesame' : ''), 'digest', name)
    }
  })

  test('of a proxy that leaves have no address', () => {
    const statuses = ['006', '007'].map((number) => {
      const read = readAdvertisement(
        readFileSync(join(recordings, `key-is-sesame-${number}.bin`)),
        'sesame',
      )
      assert.ok(typeof read === 'object')
      assert.equal(read.manager, undefined)
      return read.status
    })
    assert.deepEqual(statuses, [403, 410])
  })

  test('are equal to ours, to the byte, except for our own line', () => {
    const theirs = readFileSync(join(recordings, 'key-is-sesame-001.bin'), 'latin1')
    const ours = writeAdvertisement(here, 'sesame').toString('latin1')
    assert.equal(ours.replace(/X-Topspin-Mac: .*\r\n/, ''), theirs)
  })
})

test('a datagram with a modified address is refused', () => {
  const bytes = writeAdvertisement(here, 'k').toString('latin1')
  const moved = Buffer.from(bytes.replace('127.0.0.1:8191', '127.0.0.9:8191'), 'latin1')
  assert.equal(readAdvertisement(moved, 'k'), 'seal')
})

test('a datagram with a modified date, or with something appended, is refused', () => {
  const bytes = writeAdvertisement(here, 'k').toString('latin1')
  for (const changed of [
    bytes.replace('04:35:16', '04:35:17'),
    bytes.replace('localhost\r\n', 'localhost\r\nX-More: 1\r\n'),
    bytes.replace('X-Manager-Host', 'X-Manager-Post'),
  ]) {
    const read = readAdvertisement(Buffer.from(changed, 'latin1'), 'k')
    assert.ok(read === 'seal' || read === 'digest', JSON.stringify(read))
  }
})

test('a written datagram is read back, with a key and without', () => {
  for (const key of ['', 'a key of some length']) {
    const read = readAdvertisement(writeAdvertisement(here, key), key)
    assert.deepEqual(read, { ...here, sealed: key !== '' })
  }
})

test('an agent without a key reads a datagram without one only', () => {
  assert.equal(readAdvertisement(writeAdvertisement(here, 'k'), ''), 'digest')
  assert.equal(readAdvertisement(writeAdvertisement(here, ''), 'k'), 'digest')
})

test('a line that Java nodes cannot parse is malformed and does not throw', () => {
  for (const text of [
    '',
    'Server: x',
    'HTTP/1.0 abc\r\nServer: x\r\n\r\n',
    'HTTP/1.0 200 OK\r\nServer: x\r\n\r\n',
    'HTTP/1.0 200 OK\r\nDate: yesterday\r\nSequence: 1\r\nServer: x\r\nDigest: 0\r\n\r\n',
    'HTTP/1.0 200 OK\r\nno field\r\n\r\n',
  ]) {
    assert.equal(readAdvertisement(Buffer.from(text), ''), 'malformed', text)
  }
})

test('a datagram that is too long is not written', () => {
  const long = { ...here, manager: { ...here.manager, host: 'h'.repeat(300) } } as Advertisement
  assert.throws(() => writeAdvertisement(long, 'k'), /at most 512/)
  const broken = { ...here, server: 'a\r\nb' }
  assert.throws(() => writeAdvertisement(broken, 'k'), /canonical/)
})
