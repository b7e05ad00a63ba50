// What is known of names while the resolver fails, is late or does not answer at all.

import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { describe, test } from 'node:test'
import { dnsLimits } from '../../../src/base/limits.ts'
import { KnownLookup } from '../../../src/net/known-lookup.ts'

const v4 = (address: string): LookupAddress => ({ address, family: 4 })
const failed = (code: string): Error => Object.assign(new Error(code), { code })

/** A resolver whose answers a test gives, one after the other. */
function fixture() {
  const asked: { name: string; answer: (found: readonly LookupAddress[] | Error) => void }[] = []
  let now = 0
  const known = new KnownLookup(
    (name, _, callback) =>
      asked.push({
        name,
        answer: (found) => (found instanceof Error ? callback(found, []) : callback(null, found)),
      }),
    () => now,
  )
  const find = (name: string, waitMs = 10_000) =>
    new Promise<{ code?: string; addresses: readonly LookupAddress[]; failure?: string }>(
      (resolve) =>
        known.find(name, { all: true }, waitMs, (error, addresses, failure) =>
          resolve({
            ...(error === null ? {} : { code: (error as NodeJS.ErrnoException).code ?? '' }),
            addresses,
            ...(failure === undefined ? {} : { failure: failure.code ?? '' }),
          }),
        ),
    )
  /** Finds a name with this answer. */
  const finds = (name: string, answer: readonly LookupAddress[] | Error) => {
    const found = find(name)
    asked.at(-1)?.answer(answer)
    return found
  }
  return { known, asked, find, finds, advance: (ms: number) => (now += ms) }
}

describe('the addresses of a name', () => {
  test('are those of its last look-up while the resolver is out of order', async () => {
    const { finds } = fixture()
    const first = [v4('10.0.0.1')]
    const second = [v4('10.0.0.2'), v4('10.0.0.3')]
    assert.deepEqual(await finds('app.test', first), { addresses: first })
    for (const code of ['EAI_AGAIN', 'EAI_FAIL', 'EMFILE', 'ENOMEM'])
      assert.deepEqual(await finds('app.test', failed(code)), { addresses: first, failure: code })
    assert.deepEqual(await finds('app.test', second), { addresses: second })
    assert.deepEqual((await finds('app.test', failed('EAI_AGAIN'))).addresses, second)
  })

  test('are forgotten when the resolver says that it has none', async () => {
    const { finds } = fixture()
    await finds('app.test', [v4('10.0.0.1')])
    assert.equal((await finds('app.test', failed('ENOTFOUND'))).code, 'ENOTFOUND')
    assert.equal((await finds('app.test', failed('EAI_AGAIN'))).code, 'EAI_AGAIN')
  })

  test('are those of its last look-up when the resolver does not answer in time', async () => {
    const { asked, find, finds, advance } = fixture()
    const [first, second] = [[v4('10.0.0.1')], [v4('10.0.0.2')]]
    await finds('app.test', first)
    const early = find('app.test', 20)
    assert.deepEqual(await early, { addresses: first, failure: 'EAI_AGAIN' })
    advance(dnsLimits.answerMs)
    const from = performance.now()
    assert.equal((await find('app.test')).failure, 'EAI_AGAIN')
    assert.ok(performance.now() - from < dnsLimits.answerMs / 2, 'nobody waits again')
    assert.equal(asked.length, 2, 'one look-up is under way')
    asked[1]?.answer(second)
    assert.deepEqual(await finds('app.test', failed('EAI_AGAIN')), {
      addresses: second,
      failure: 'EAI_AGAIN',
    })
  })
})

test('a name without known addresses fails as from a resolver that is out of order', async () => {
  const { find, finds } = fixture()
  assert.deepEqual(await finds('app.test', failed('EAI_AGAIN')), {
    code: 'EAI_AGAIN',
    addresses: [],
  })
  assert.deepEqual(await find('app.test', 20), { code: 'EAI_AGAIN', addresses: [] })
})

test('all who ask meanwhile share one look-up', async () => {
  const { asked, find } = fixture()
  const all = [find('app.test'), find('app.test'), find('other.test')]
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['app.test', 'other.test'],
  )
  for (const { answer } of asked) answer([v4('10.0.0.1')])
  for (const found of await Promise.all(all)) assert.equal(found.addresses.length, 1)
})

test('the names that were looked up last are kept', async () => {
  const { known, finds } = fixture()
  const address = [v4('10.0.0.1')]
  for (let i = 0; i < dnsLimits.namesMax; i++) await finds(`n${i}.test`, address)
  await finds('n0.test', address)
  await finds('further.test', address)
  assert.equal(known.size, dnsLimits.namesMax)
  assert.deepEqual((await finds('n0.test', failed('EAI_AGAIN'))).addresses, address)
  assert.deepEqual((await finds('n1.test', failed('EAI_AGAIN'))).addresses, [])
})
