// Mutated datagrams of proxies: none makes the parser throw, and none is accepted that was not written with the key.
// TOPSPIN_FUZZ_DATAGRAMS sets how many.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AdvertisedProxies } from '../../src/agent/advertised-proxies.ts'
import { readAdvertisement, writeAdvertisement } from '../../src/wire/advertise.ts'
import { fuzzSeed } from '../support/fuzz-seed.ts'
import { seededRandom } from '../support/seeded-random.ts'

const count = Number(process.env['TOPSPIN_FUZZ_DATAGRAMS'] ?? 20_000)
const wall = Date.UTC(2026, 10, 21)
const good = writeAdvertisement(
  {
    status: 200,
    time: wall,
    sequence: 7,
    server: '412f3016-4c9c-434f-ad4a-72d1e59d9211',
    manager: { address: '10.0.0.1:6666', url: '/', protocol: 'http', host: 'proxy' },
  },
  'key',
)

test(`${count} mutated datagrams: each is accepted or refused, and no changed one is accepted`, () => {
  const random = seededRandom(fuzzSeed)
  const proxies = new AdvertisedProxies(true)
  const seen = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const bytes = mutated(good, random)
    const read = readAdvertisement(bytes, 'key')
    const what = typeof read === 'string' ? read : proxies.accept(read, i, wall)
    seen.set(what, (seen.get(what) ?? 0) + 1)
    if (typeof read !== 'string' && read.sealed) {
      assert.equal(read.manager?.address, '10.0.0.1:6666')
      assert.equal(read.time, wall)
    }
  }
  assert.ok(proxies.proxies.length <= 1)
  assert.ok((seen.get('malformed') ?? 0) > 0 && (seen.get('digest') ?? 0) > 0)
  assert.ok((seen.get('seal') ?? 0) > 0)
})

function mutated(bytes: Buffer, random: () => number): Buffer {
  const below = (most: number): number => Math.floor(random() * most)
  const copy = Buffer.from(bytes)
  switch (below(5)) {
    case 0:
      for (let n = 1 + below(3); n > 0; n--) copy[below(copy.length)] = below(256)
      return copy
    case 1:
      return copy.subarray(0, below(copy.length))
    case 2: {
      const at = below(copy.length)
      return Buffer.concat([copy.subarray(0, at), copy.subarray(below(copy.length))])
    }
    case 3: {
      const lines = copy.toString('latin1').split('\r\n')
      lines.splice(below(lines.length), 1, lines[below(lines.length)] ?? '')
      return Buffer.from(lines.join('\r\n'), 'latin1')
    }
    default:
      return Buffer.from(Array.from({ length: below(600) }, () => below(256)))
  }
}
