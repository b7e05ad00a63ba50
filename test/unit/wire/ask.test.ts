import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askLimits } from '../../../src/base/limits.ts'
import { KeyRing } from '../../../src/wire/announcement-key.ts'
import { isAsk, readAsk, writeAnswer, writeQuestion } from '../../../src/wire/ask.ts'

const keys = new KeyRing(['the key of this example'])
const head = { id: '0123456789abcdef', time: 1_763_715_617_003 }
const room = { inHand: 3, ms: 41.25, knee: 5.5, errorFactor: 1 }

const changed = (bytes: Buffer, from: string, to: string): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1')

test('a question and its answer are read back, with a key and without', () => {
  for (const ring of [keys, new KeyRing([])]) {
    assert.deepEqual(readAsk(writeQuestion(head, ring), ring), { kind: 'question', ...head })
    assert.deepEqual(readAsk(writeAnswer(head, room, ring), ring), {
      kind: 'answer',
      ...head,
      room,
    })
  }
})

test('the longest datagram fits the limit with any figures', () => {
  const most = { inHand: 1e12, ms: 1e12 + 0.123, knee: 1e12, errorFactor: 1e12 + 0.123 }
  const bytes = writeAnswer({ ...head, time: 1e14 }, most, keys)
  assert.ok(bytes.length <= askLimits.bytesMax, `${bytes.length}`)
  const read = readAsk(bytes, keys)
  assert.ok(typeof read === 'object' && read.kind === 'answer' && read.room.ms > 9e9)
})

test('a datagram that is changed, signed with another key or not signed is refused', () => {
  const answer = writeAnswer(head, room, keys)
  assert.equal(readAsk(changed(answer, 'room 3', 'room 0'), keys), 'forged')
  assert.equal(readAsk(changed(writeQuestion(head, keys), head.id, 'f'.repeat(16)), keys), 'forged')
  assert.equal(readAsk(writeAnswer(head, room, new KeyRing(['another'])), keys), 'unknown-key')
  assert.equal(readAsk(writeAnswer(head, room, new KeyRing([])), keys), 'unsigned')
})

const none = new KeyRing([])
const bad: readonly (readonly [string, string, string])[] = [
  ['a short id', head.id, '0123'],
  ['a time that is no number', '1763715617003', 'now'],
  ['three figures', 'room 3 ', 'room '],
  ['an exponent', '41.25', '4e1'],
  ['a negative number', '41.25', '-1'],
  ['a knee of nothing', '5.5', '0'],
  ['an error factor below one', '5.5 1\n', '5.5 0.5\n'],
  ['no figures', 'room 3 41.25 5.5 1\n', ''],
  ['a question with figures', 'answer', 'question'],
  ['no end of the last line', '5.5 1\n', '5.5 1'],
  ['another line', '5.5 1\n', '5.5 1\nand more\n'],
]
for (const [what, from, to] of bad) {
  test(`an answer with ${what} is malformed`, () => {
    const answer = writeAnswer(head, room, none)
    assert.notDeepEqual(changed(answer, from, to), answer)
    assert.equal(readAsk(changed(answer, from, to), none), 'malformed')
  })
}

test('another version, an announcement and a long datagram are distinguished', () => {
  const other = changed(writeQuestion(head, none), 'ask/1', 'ask/2')
  assert.equal(isAsk(other), true)
  assert.equal(readAsk(other, none), 'version')
  for (const text of ['topspin-peer/1\nname a\n', '', 'topspin-', 'GET / HTTP/1.1\r\n\r\n']) {
    assert.equal(isAsk(Buffer.from(text)), false)
    assert.equal(readAsk(Buffer.from(text), none), 'foreign')
  }
  const long = Buffer.concat([writeQuestion(head, none), Buffer.alloc(askLimits.bytesMax)])
  assert.equal(readAsk(long, none), 'too-long')
})
