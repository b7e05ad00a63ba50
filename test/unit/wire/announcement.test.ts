import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Announcement } from '../../../src/wire/announcement.ts'
import { readAnnouncement, writeAnnouncement } from '../../../src/wire/announcement-codec.ts'
import { KeyRing } from '../../../src/wire/announcement-key.ts'
import {
  parseAnnouncementText,
  writeAnnouncementText,
} from '../../../src/wire/announcement-text.ts'
import { someAnnouncement, someResources } from '../../support/announcement.ts'

const noKey = new KeyRing([])
const ring = new KeyRing(['first secret of all', 'second secret of all'])

const text = (changes: Partial<Announcement> = {}): string =>
  writeAnnouncementText(someAnnouncement(changes))

describe('the text of an announcement', () => {
  test('is readable lines, and a written text is read back', () => {
    const all = someAnnouncement({ leaving: true, contexts: ['/', '/shop/a'], loss: 0.25 })
    assert.match(
      writeAnnouncementText(all),
      /^topspin-peer\/1\nname web1:8080\nat http:\/\/10\.0\.0\.1:8080\nrun /,
    )
    assert.deepEqual(parseAnnouncementText(writeAnnouncementText(all)), all)
    const at = { host: '2001:db8::1', port: 4445 }
    const v6 = someAnnouncement({ host: '2001:db8::1', scheme: 'https', ask: at })
    assert.ok(writeAnnouncementText(v6).includes('\nat https://[2001:db8::1]:8080\n'))
    assert.ok(writeAnnouncementText(v6).includes('\nask [2001:db8::1]:4445\n'))
    assert.deepEqual(parseAnnouncementText(writeAnnouncementText(v6)), v6)
  })

  test('skips unknown lines, and absent ones have defaults', () => {
    const said = 'topspin-peer/1\nshoe-size 45\nname a\nat http://h:1\nrun 1 2 3\nmood\n'
    assert.deepEqual(parseAnnouncementText(said), {
      ...someAnnouncement({ name: 'a', host: 'h', port: 1, startedAt: 1, sequence: 2, time: 3 }),
      ask: undefined,
      resources: {
        ...someResources,
        ...{ speed: 1, cores: 1, load: 0, cpuIdle: 1, memoryTotal: 0, memoryAvailable: 0 },
        ...{ eventLoopDelayMs: 0, slotsInUse: 0, slotsFree: 0, served: 0, serviceTimeMs: 0 },
        ...{ ms: 0, knee: 0, inHand: 0 },
      },
    })
  })

  test('of another format or version is distinguished from a malformed one', () => {
    assert.equal(parseAnnouncementText('GET / HTTP/1.1\r\n\r\n'), 'foreign')
    assert.equal(parseAnnouncementText('topspin-peer/2\nname a\n'), 'version')
    assert.equal(parseAnnouncementText('topspin-peer/1'), 'version')
    assert.equal(parseAnnouncementText('topspin-peer/1\n'), 'malformed')
  })

  const bad: readonly (readonly [string, string, string])[] = [
    ['no name', 'name web1:8080\n', ''],
    ['a name with a space', 'name web1', 'name we b1'],
    ['a name that is too long', 'name web1', `name ${'w'.repeat(64)}`],
    ['another scheme', 'at http:', 'at gopher:'],
    ['a port beyond the last', ':8080\nrun', ':65536\nrun'],
    ['a part of an address', '//10.0.0.1:', '//10.0.1:'],
    ['a zone', '//10.0.0.1:', '//[fe80::1%eth0]:'],
    ['a user', '//10.0.0.1:', '//me@10.0.0.1:'],
    ['a sequence of zero', ' 1 1700000000000', ' 0 1700000000000'],
    ['a number with an exponent', 'cores 4', 'cores 4e0'],
    ['a negative number', 'load 0.52', 'load -1'],
    ['a share above one', 'cpu-idle 0.93', 'cpu-idle 1.01'],
    ['a line said twice', 'cores 4', 'cores 4\ncores 4'],
    ['leaving with a doubt', 'cores 4', 'cores 4\nleaving soon'],
    ['a path without a slash', 'cores 4', 'cores 4\nserves shop'],
    ['a path with a query', 'cores 4', 'cores 4\nserves /shop?x'],
    ['a place for questions that is a name', 'ask 10.0.0.1', 'ask web1'],
    ['a place for questions without a port', 'ask 10.0.0.1:4445', 'ask 10.0.0.1'],
    ['a period of nothing', 'period-ms 1000', 'period-ms 0'],
    ['no end of the last line', 'loss 0\n', 'loss 0'],
    ['more lines than anybody needs', 'cores 4', `cores 4${'\nserves /a'.repeat(64)}`],
  ]
  for (const [what, from, to] of bad) {
    test(`with ${what} is malformed`, () => {
      const changed = text().replace(from, to)
      assert.notEqual(changed, text())
      assert.equal(parseAnnouncementText(changed), 'malformed')
    })
  }

  test('is not written when the parser would refuse it', () => {
    const cannot: readonly Partial<Announcement>[] = [
      { name: 'a b' },
      { name: '' },
      { host: 'ex ample' },
      { port: 0 },
      { sequence: 0 },
      { contexts: ['shop'] },
      { contexts: [`/${'a'.repeat(255)}`] },
      { resources: { ...someResources, load: Number.NaN } },
      { resources: { ...someResources, cpuIdle: 2 } },
    ]
    for (const changes of cannot) {
      assert.throws(() => text(changes), RangeError, JSON.stringify(changes))
    }
  })
})

describe('the signature of an announcement', () => {
  const sealed = writeAnnouncement(someAnnouncement(), ring)

  test('is the HMAC of all bytes before it, with an id derived from the key', () => {
    const line = sealed.toString('latin1').split('\n').at(-2) ?? ''
    const [, id, code] = /^mac ([0-9a-f]{8}) ([A-Za-z0-9_-]{43})$/.exec(line) ?? []
    const key = 'first secret of all'
    assert.equal(id, createHmac('sha256', key).update('key id').digest('hex').slice(0, 8))
    const covered = sealed.subarray(0, sealed.length - 44)
    assert.equal(code, createHmac('sha256', key).update(covered).digest('base64url'))
  })

  test('verifies with every key of the ring, and with that key only', () => {
    assert.deepEqual(readAnnouncement(sealed, ring), someAnnouncement())
    const turned = new KeyRing(['second secret of all', 'first secret of all'])
    assert.deepEqual(readAnnouncement(sealed, turned), someAnnouncement())
    assert.equal(readAnnouncement(sealed, new KeyRing(['second secret of all'])), 'unknown-key')
  })

  test('is required with a key and ignored without', () => {
    const plain = writeAnnouncement(someAnnouncement(), noKey)
    assert.equal(readAnnouncement(plain, ring), 'unsigned')
    assert.deepEqual(readAnnouncement(plain, noKey), someAnnouncement())
    assert.deepEqual(readAnnouncement(sealed, noKey), someAnnouncement())
  })

  test('does not verify when any byte was changed', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed[at] = changed[at]! ^ 1
      assert.equal(typeof readAnnouncement(changed, ring), 'string', `byte ${at}`)
      const cut = sealed.subarray(0, at)
      assert.equal(typeof readAnnouncement(cut, ring), 'string', `cut at ${at}`)
    }
  })

  test('needs a key that is not empty', () => {
    assert.throws(() => new KeyRing(['']), RangeError)
    assert.throws(() => new KeyRing(Array.from({ length: 9 }, (_, i) => `key ${i}`)), RangeError)
  })
})

test('an announcement that is too long for a datagram is neither written nor read', () => {
  const contexts = Array.from({ length: 10 }, (_, i) => `/${i}${'a'.repeat(100)}`)
  assert.throws(() => writeAnnouncement(someAnnouncement({ contexts }), ring), /bytes long/)
  assert.equal(readAnnouncement(Buffer.alloc(1_201, 'topspin-peer/1\n'), ring), 'too-long')
})

test('the example in docs/peers.md is a valid announcement', () => {
  const page = readFileSync(new URL('../../../../docs/peers.md', import.meta.url), 'latin1')
  const example = /^```\n(topspin-peer\/1\n[^`]*)```$/m.exec(page)?.[1] ?? ''
  const read = readAnnouncement(
    Buffer.from(example, 'latin1'),
    new KeyRing(['the key of this example']),
  )
  assert.ok(typeof read === 'object', String(read))
  assert.deepEqual([read.name, read.sequence, read.contexts], ['web1:8080', 17, ['/shop']])
})
