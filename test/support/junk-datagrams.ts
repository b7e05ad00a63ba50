// Datagrams that somebody might send to do harm: noise, and announcements that were cut, changed, put
// together anew or sealed with something else.

import type { Random } from '../../src/base/clock.ts'
import { writeAnnouncement } from '../../src/wire/announcement-codec.ts'
import type { KeyRing } from '../../src/wire/announcement-key.ts'
import { KeyRing as Ring } from '../../src/wire/announcement-key.ts'
import { someAnnouncement } from './announcement.ts'

const noKey = new Ring([])
const otherKey = new Ring(['somebody else has this key'])
const templates = new WeakMap<KeyRing, readonly Buffer[]>()

/** One of them; none would open with `keys`. */
export function junkDatagram(random: Random, keys: KeyRing): Buffer {
  const whole = (below: number): number => Math.floor(random() * below)
  const kind = random()
  if (kind < 0.2) {
    const noise = Buffer.allocUnsafe(whole(1_500))
    for (let i = 0; i < noise.length; i += 4) noise.writeUIntLE(whole(256), i, 1)
    return noise
  }
  const some = templatesOf(keys)
  const template = some[whole(some.length)] ?? Buffer.alloc(1)
  const bytes = Buffer.from(template)
  if (kind < 0.4) return bytes.subarray(0, whole(bytes.length))
  for (let changes = 1 + whole(4); changes > 0; changes--) {
    const at = kind < 0.8 ? whole(bytes.length) : 15 + whole(Math.max(1, bytes.length - 100))
    bytes[at] = (bytes[at] ?? 0) ^ (1 + whole(255))
  }
  // Two changes may have made it good again.
  if (bytes.equals(template)) bytes[0] = 0
  return bytes
}

function templatesOf(keys: KeyRing): readonly Buffer[] {
  let made = templates.get(keys)
  if (made === undefined) {
    const announcements = [
      someAnnouncement({ host: '10.0.0.1', contexts: ['/', '/shop'] }),
      someAnnouncement({ name: 'b', leaving: true, sequence: 9 }),
      someAnnouncement({ name: 'c', host: '::1', scheme: 'https' }),
    ]
    made = announcements.flatMap((one) =>
      [keys, keys, noKey, otherKey].map((ring) => writeAnnouncement(one, ring)),
    )
    templates.set(keys, made)
  }
  return made
}
