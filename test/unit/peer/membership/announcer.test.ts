import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Announcer } from '../../../../src/peer/membership/announcer.ts'
import type { Announcement } from '../../../../src/wire/announcement.ts'
import { someAnnouncement, someResources } from '../../../support/announcement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function start(loss: { here: number; told: number }): {
  announcer: Announcer
  said: Announcement[]
} {
  const said: Announcement[] = []
  const { name, scheme, host, port, contexts } = someAnnouncement()
  const announcer = new Announcer({
    identity: { name, scheme, host, port, contexts },
    periodMs: 1_000,
    clock: new ManualClock(),
    random: () => 0,
    resources: () => someResources,
    loss: () => loss,
    say: (announcement) => said.push(announcement),
  })
  return { announcer, said }
}

test('it speaks often at first, then once a period, and more often when something is lost', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const loss = { here: 0.25, told: 0 }
    const { announcer, said } = start(loss)
    announcer.start()
    announcer.start()
    for (let i = 0; i < 80; i++) mock.timers.tick(125)
    const first = said.length
    assert.ok(first >= 24 && first <= 32, `${first} in ten periods`)
    for (let i = 0; i < 80; i++) mock.timers.tick(125)
    assert.equal(said.length - first, 10)
    loss.told = 0.5
    for (let i = 0; i < 88; i++) mock.timers.tick(125)
    assert.ok(said.length - first >= 10 + 80, `${said.length - first}`)
    assert.deepEqual(
      said.map(({ sequence }) => sequence),
      said.map((_, i) => i + 1),
    )
    assert.equal(said[0]?.loss, 0.25)
    announcer.stop()
  } finally {
    mock.timers.reset()
  }
})

test('it says goodbye more than once, then nothing until it starts again', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const { announcer, said } = start({ here: 0, told: 0 })
    announcer.stop()
    assert.equal(said.length, 0)
    announcer.start()
    mock.timers.tick(1)
    announcer.stop()
    announcer.stop()
    for (let i = 0; i < 20; i++) mock.timers.tick(125)
    assert.deepEqual(
      said.map(({ leaving }) => leaving),
      [false, true, true, true],
    )
    announcer.start()
    mock.timers.tick(1)
    assert.equal(said.at(-1)?.leaving, false)
    assert.equal(said.at(-1)?.startedAt, said[0]?.startedAt)
    announcer.stop()
  } finally {
    mock.timers.reset()
  }
})
