import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heldLimits } from '../../../src/base/limits.ts'
import { HeldByAddress } from '../../../src/net/held-by-address.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const { stalledMs } = heldLimits

test('the address that holds most loses its oldest item to another address', () => {
  const held = new HeldByAddress<string>()
  held.hold('10.0.0.1', 'a1', 0)
  held.hold('10.0.0.2', 'b1', 1)
  held.hold('10.0.0.2', 'b2', 2)
  held.hold('10.0.0.2', 'b3', 3)
  assert.equal(held.displace('10.0.0.3', 4), 'b1')
  assert.equal(held.displace('10.0.0.3', 4), 'b2')
  assert.equal(held.displace('10.0.0.3', 4), undefined, 'every address holds one')
  assert.equal(held.size, 2)
})

test('an address gets no room at the cost of one that would then hold less', () => {
  const held = new HeldByAddress<string>()
  held.hold('10.0.0.1', 'a1', 0)
  held.hold('10.0.0.1', 'a2', 0)
  held.hold('10.0.0.2', 'b1', 0)
  assert.equal(held.displace('10.0.0.2', 1), undefined)
  assert.equal(held.displace('10.0.0.1', 1), undefined)
})

test('without an address that holds more, the oldest leaves once it has stalled', () => {
  const held = new HeldByAddress<string>()
  held.hold('10.0.0.1', 'a', 0)
  held.hold('10.0.0.2', 'b', 10)
  held.hold('10.0.0.1', 'a', 20)
  assert.equal(held.displace('10.0.0.3', stalledMs + 9), undefined)
  assert.equal(held.displace('10.0.0.3', stalledMs + 10), 'b', 'a has been held anew')
  assert.equal(held.displace('10.0.0.1', stalledMs + 20), 'a')
  assert.equal(held.size, 0)
})

test('the addresses of one IPv6 subscriber count as one, and IPv4 has one name', () => {
  const held = new HeldByAddress<string>()
  held.hold('2001:db8:0:1::1', 'a', 0)
  held.hold('2001:db8:0:1:9::2', 'b', 0)
  held.hold('2001:db8:0:2::1', 'c', 0)
  assert.equal(held.displace('2001:db8::1', 0), 'a')
  held.hold('::ffff:10.0.0.1', 'd', 0)
  held.hold('10.0.0.1', 'e', 0)
  assert.equal(held.displace('2001:db8::1', 0), 'd')
})

test('what is released cannot be displaced, and releasing it twice has no effect', () => {
  const held = new HeldByAddress<string>()
  held.hold('10.0.0.1', 'a', 0)
  held.hold('10.0.0.1', 'b', 0)
  held.release('a')
  held.release('a')
  held.release('never held')
  assert.equal(held.displace('10.0.0.2', stalledMs), 'b')
  assert.equal(held.displace('10.0.0.2', stalledMs), undefined)
})

test('after any steps the victim is the one that a plain search finds', () => {
  const random = seededRandom(13)
  const held = new HeldByAddress<number>()
  let plain: { address: string; item: number; since: number }[] = []
  const countOf = (address: string): number => plain.filter((one) => one.address === address).length
  for (let step = 0; step < 5_000; step++) {
    const address = `10.0.0.${Math.floor(random() * random() * 20)}`
    const item = Math.floor(random() * 200)
    if (random() < 0.6) {
      held.hold(address, item, step)
      plain = [...plain.filter((one) => one.item !== item), { address, item, since: step }]
    } else if (random() < 0.5) {
      held.release(item)
      plain = plain.filter((one) => one.item !== item)
    } else {
      const most = Math.max(0, ...plain.map((one) => countOf(one.address)))
      const victim = held.displace(address, step)
      const found = plain.find((one) => one.item === victim)
      if (most >= countOf(address) + 2) {
        assert.equal(countOf(found?.address ?? ''), most)
        assert.equal(
          plain.find((one) => one.address === found?.address),
          found,
        )
      } else {
        const [oldest] = plain
        const isStalled = oldest !== undefined && step - oldest.since >= stalledMs
        assert.equal(victim, isStalled ? oldest.item : undefined)
      }
      plain = plain.filter((one) => one !== found)
    }
    assert.equal(held.size, plain.length)
  }
})

test('shares are right when they are counted late, forgotten and counted again', () => {
  const held = new HeldByAddress<string>()
  for (let i = 0; i < 8; i++) held.hold(i < 5 ? '10.0.0.1' : '10.0.0.2', `${i}`, i)
  held.release('0')
  assert.equal(held.displace('10.0.0.3', 8), '1')
  for (const item of ['2', '3', '5', '6']) held.release(item)
  assert.equal(held.size, 2)
  held.hold('10.0.0.2', 'c1', 9)
  held.hold('10.0.0.2', 'c2', 10)
  assert.equal(held.displace('10.0.0.1', 11), '7', 'three of 10.0.0.2, one of 10.0.0.1')
  assert.equal(held.displace('10.0.0.1', 11), undefined)
})
