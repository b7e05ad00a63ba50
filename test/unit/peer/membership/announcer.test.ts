import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { peerLimits } from '../../../../src/base/limits.ts'
import { Announcer, timesPerPeriod } from '../../../../src/peer/membership/announcer.ts'
import type { Announcement } from '../../../../src/wire/announcement.ts'
import { someAnnouncement, someResources } from '../../../support/announcement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function start(
  loss: { here: number; there: number },
  beatsMax: number = peerLimits.beatsMax,
): {
  announcer: Announcer
  sent: Announcement[]
} {
  const sent: Announcement[] = []
  const { name, scheme, host, port, contexts } = someAnnouncement()
  const announcer = new Announcer({
    identity: { name, scheme, host, port, contexts },
    periodMs: 1_000,
    clock: new ManualClock(),
    random: () => 0,
    resources: () => someResources,
    loss: () => loss,
    beatsMax,
    send: (announcement) => sent.push(announcement),
  })
  return { announcer, sent }
}

test('announcements are frequent at first, then one a period, and more when some get lost', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const loss = { here: 0.25, there: 0 }
    const { announcer, sent } = start(loss)
    announcer.start()
    announcer.start()
    for (let i = 0; i < 80; i++) mock.timers.tick(125)
    const first = sent.length
    assert.ok(first >= 24 && first <= 32, `${first} in ten periods`)
    for (let i = 0; i < 80; i++) mock.timers.tick(125)
    assert.equal(sent.length - first, 10)
    loss.there = 0.5
    for (let i = 0; i < 88; i++) mock.timers.tick(125)
    assert.ok(sent.length - first >= 10 + 80, `${sent.length - first}`)
    assert.deepEqual(
      sent.map(({ sequence }) => sequence),
      sent.map((_, i) => i + 1),
    )
    assert.equal(sent[0]?.loss, 0.25)
    announcer.stop()
  } finally {
    mock.timers.reset()
  }
})

test('where none gets lost on the way, announcements are never repeated', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const { announcer, sent } = start({ here: 0, there: 0.5 }, 1)
    announcer.start()
    for (let i = 0; i < 80; i++) mock.timers.tick(125)
    assert.ok(sent.length >= 10 && sent.length <= 11, `${sent.length} in ten periods`)
    announcer.stop()
  } finally {
    mock.timers.reset()
  }
})

test('several goodbyes are sent, then nothing until the next start', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const { announcer, sent } = start({ here: 0, there: 0 })
    announcer.stop()
    assert.equal(sent.length, 0)
    announcer.start()
    mock.timers.tick(1)
    announcer.stop()
    announcer.stop()
    for (let i = 0; i < 20; i++) mock.timers.tick(125)
    assert.deepEqual(
      sent.map(({ leaving }) => leaving),
      [false, true, true, true],
    )
    announcer.start()
    mock.timers.tick(1)
    assert.equal(sent.at(-1)?.leaving, false)
    assert.equal(sent.at(-1)?.startedAt, sent[0]?.startedAt)
    announcer.stop()
  } finally {
    mock.timers.reset()
  }
})

test('the more announcements get lost, the more are sent in a period', () => {
  const times = [0, 0.0005, 0.01, 0.1, 0.3, 0.5, 0.9, 1].map(timesPerPeriod)
  assert.deepEqual(times, [1, 1, 2, 3, 6, 8, 8, 8])
})
