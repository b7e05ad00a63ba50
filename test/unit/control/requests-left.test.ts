import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextLive, LiveTable } from '../../../src/cluster/live.ts'
import { requestsLeft } from '../../../src/control/requests-left.ts'

const inFlight = (live: LiveTable, path: string, count: number): void => {
  contextLive(live.of(1), path).inFlight = count
}

test('without requests in flight the count is 0 after one refresh', async () => {
  const live = new LiveTable()
  inFlight(live, '/other', 3)
  let asked = 0
  const refresh = (): void => void asked++
  assert.equal(await requestsLeft(live, refresh, 1, ['/shop']), 0)
  assert.equal(asked, 1)
})

test('requests that only a refresh shows are counted', async () => {
  const live = new LiveTable()
  const refresh = (): void => inFlight(live, '/shop', 2)
  assert.equal(await requestsLeft(live, refresh, 1, ['/shop']), 2)
})

test('a request whose response is still passing through the proxy does not count', async () => {
  const live = new LiveTable()
  inFlight(live, '/shop', 1)
  let asked = 0
  const refresh = (): void => {
    asked++
    if (asked === 2) inFlight(live, '/shop', 0)
  }
  assert.equal(await requestsLeft(live, refresh, 1, ['/shop']), 0)
  assert.equal(asked, 2)
})

test('requests that continue are counted as they are at the end', async () => {
  const live = new LiveTable()
  inFlight(live, '/shop', 3)
  inFlight(live, '/help', 1)
  const refresh = (): void => inFlight(live, '/shop', 2)
  assert.equal(await requestsLeft(live, refresh, 1, ['/shop', '/help']), 3)
})
