// Compressors of response bodies: how many there may be, and what happens when one is left.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { ruleLimits } from '../../../../src/base/limits.ts'
import { type CompressedReceiver, Compressor } from '../../../../src/forward/rules/compressor.ts'
import { until } from '../../../support/until.ts'

class Receiver implements CompressedReceiver {
  readonly pieces: Buffer[] = []
  readonly calls: string[] = []
  takes = true
  compressed(bytes: Buffer): boolean {
    this.pieces.push(bytes)
    return this.takes
  }
  compressorDrained(): void {
    this.calls.push('drained')
  }
  compressedAll(): void {
    this.calls.push('all')
  }
  compressionFailed(error: unknown): void {
    this.calls.push(`failed ${error}`)
  }
}

test('a process has so many compressors, and room again when one has ended or was left', async () => {
  const receiver = new Receiver()
  const begin = (): Compressor | undefined => Compressor.begin('gzip', receiver)
  const all = Array.from({ length: ruleLimits.compressorsMax }, begin)
  assert.ok(all.every((one) => one !== undefined))
  assert.equal(begin(), undefined)
  const [first, second, ...others] = all
  first?.end()
  await until('the first one has ended', () => receiver.calls.includes('all'))
  second?.destroy()
  const next: (Compressor | undefined)[] = []
  await until('there is room for two', () => {
    const one = begin()
    if (one !== undefined) next.push(one)
    return next.length === 2
  })
  assert.equal(begin(), undefined)
  for (const one of [...others, ...next]) one?.destroy()
  await until('there is room', () => {
    const one = begin()
    one?.destroy()
    return one !== undefined
  })
  assert.deepEqual(receiver.calls, ['all'])
})

test('a receiver that takes no more gets no more until it resumes', async () => {
  const receiver = new Receiver()
  receiver.takes = false
  const compressor = Compressor.begin('gzip', receiver)
  assert.ok(compressor !== undefined)
  const text = 'abc'.repeat(1_000)
  compressor.write(Buffer.from(text))
  await until('a piece has come', () => receiver.pieces.length === 1)
  await until('the compressor has enough', () => !compressor.write(Buffer.from(text)))
  assert.equal(receiver.pieces.length, 1)
  receiver.takes = true
  compressor.resume()
  compressor.end()
  await until('all has come', () => receiver.calls.includes('all'))
  assert.equal(gunzipSync(Buffer.concat(receiver.pieces)).length % text.length, 0)
})

test('a receiver that throws is told so, once it was left nothing more', async () => {
  const receiver = new Receiver()
  receiver.compressed = () => {
    throw new Error('oops')
  }
  const compressor = Compressor.begin('br', receiver)
  compressor?.write(Buffer.from('abc'))
  await until('it was told', () => receiver.calls.length > 0)
  assert.deepEqual(receiver.calls, ['failed Error: oops'])
  compressor?.destroy()
  compressor?.end()
  assert.deepEqual(receiver.calls, ['failed Error: oops'])
})
