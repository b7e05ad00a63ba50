// A peer that is flooded with junk datagrams, as fast as this machine can send them. TOPSPIN_FUZZ_DATAGRAMS
// sets how many.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { KeyRing } from '../../../src/wire/announcement-key.ts'
import { freePorts } from '../../support/free-ports.ts'
import { junkDatagram } from '../../support/junk-datagrams.ts'
import { Members } from '../../support/members.ts'
import { processorMs } from '../../support/processor-time.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const key = 'what the peers of this scene share'
const count = Number(process.env['TOPSPIN_FUZZ_DATAGRAMS'] ?? 100_000)
const skip = process.platform === 'linux' ? false : 'reads /proc'

test(`at least ${count} junk datagrams leave a peer most of a core and take no memory`, {
  skip,
}, async (t) => {
  const ports = await freePorts(2)
  const members = new Members(t, { group: ports.map((port) => `127.0.0.1:${port}`), key })
  for (const name of ['a', 'b']) members.start(name)
  await members.agree(['a', 'b'], ['a', 'b'])

  const flood = createSocket('udp4')
  t.after(() => flood.close())
  const random = seededRandom(5)
  const junk = Array.from({ length: 5_000 }, () => junkDatagram(random, new KeyRing([key])))
  const pid = members.pid('a')
  const [cpuBefore, memoryBefore, begun] = [processorMs(pid), residentBytes(pid), performance.now()]
  // Longer than the second over which a peer limits what it reads.
  for (let sent = 0; sent < count || performance.now() - begun < 2_500; ) {
    const batch = Array.from({ length: 200 }, () => {
      const bytes = junk[sent++ % junk.length] ?? Buffer.alloc(1)
      return new Promise<void>((resolve) => {
        flood.send(bytes, ports[sent % ports.length], '127.0.0.1', () => resolve())
      })
    })
    await Promise.all(batch)
  }
  const ms = performance.now() - begun
  const share = (processorMs(pid) - cpuBefore) / ms
  const { refused } = await members.ask('a')
  const read = Object.values(refused).reduce((sum, one) => sum + one, 0)
  t.diagnostic(
    `${Math.round(count / 2 / ms)} datagrams per ms to each of two peers for ${Math.round(ms)} ms; ${read} read by one, ${(share * 100).toFixed(1)} % of a core`,
  )
  assert.ok(read > 1_000, `${read} were read`)
  // A tenth on a machine that is free; on one that is busy the same work takes longer.
  assert.ok(share < 0.5, `${share} of a core`)
  assert.ok(residentBytes(pid) - memoryBefore < 60e6)
  await members.agree(['a', 'b'], ['a', 'b'])
})

function residentBytes(pid: number): number {
  const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
  return Number(pages) * 4_096
}
