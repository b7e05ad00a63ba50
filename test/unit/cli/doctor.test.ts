// What the doctor makes of what it sees.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { heardFindings } from '../../../src/cli/doctor/multicast.ts'
import { nodeFindings } from '../../../src/cli/doctor/nodes.ts'
import type { NodeReport, StatusReport } from '../../../src/control/status-report.ts'

const context = { path: '/', alias: 'localhost', status: 'ENABLED', inFlight: 0 } as const
const node = (more: Partial<NodeReport> = {}): NodeReport =>
  ({
    route: 'a',
    type: 'http',
    host: '10.0.0.1',
    port: 8080,
    removal: 'none',
    health: 'up',
    reason: null,
    loadFactor: 90,
    silent: false,
    contexts: [context],
    ...more,
  }) as NodeReport
const report = (...nodes: NodeReport[]): StatusReport => ({ nodes }) as unknown as StatusReport

describe('nodes', () => {
  const cases: [string, Partial<NodeReport>, 'ok' | 'warn' | 'fail', RegExp][] = [
    ['that report and serve are well', {}, 'ok', /load factor 90/],
    ['that cannot be reached', { health: 'down', reason: 'refused' }, 'fail', /refused/],
    ['without a context', { contexts: [] }, 'fail', /no context/],
    [
      'whose contexts are all stopped',
      { contexts: [{ ...context, status: 'STOPPED' }] },
      'fail',
      /no context is enabled \(STOPPED\)/,
    ],
    ['that call themselves broken', { loadFactor: -1 }, 'fail', /broken/],
    ['that have stopped reporting', { silent: true }, 'warn', /stopped reporting/],
    ['that ask to be standbys', { loadFactor: 0 }, 'warn', /standby/],
    ['that have not reported yet', { loadFactor: null }, 'warn', /not reported yet/],
  ]
  for (const [name, more, result, seen] of cases) {
    test(name, () => {
      const [finding] = nodeFindings(report(node(more)))
      assert.equal(finding?.result, result)
      assert.match(finding?.seen ?? '', seen)
    })
  }

  test('none, or only removed ones: that is the trouble', () => {
    for (const given of [report(), report(node({ removal: 'marked' }))]) {
      assert.match(nodeFindings(given)[0]?.seen ?? '', /none is registered/)
    }
  })
})

describe('proxies', () => {
  const nothing = { good: new Map(), wrongKey: 0, broken: 0, skewMs: undefined }
  const seen = (more: object): string =>
    heardFindings({ ...nothing, ...more }, '224.0.1.105:23364', 11_000)
      .map(({ result, seen }) => `${result} ${seen}`)
      .join('; ')

  test('that are heard are told with their address', () => {
    assert.match(seen({ good: new Map([['id', '10.0.0.1:6666']]) }), /^ok .*10\.0\.0\.1:6666$/)
  })
  test('that are not heard', () => {
    assert.match(seen({}), /^fail no proxy was heard at 224\.0\.1\.105:23364 within 11 s$/)
  })
  test('that have another key', () => {
    assert.match(seen({ wrongKey: 2 }), /^fail 2 datagrams were made with another key$/)
  })
  test('whose clock is another', () => {
    assert.match(seen({ skewMs: 400_000 }), /^fail a proxy's clock is 400 s ahead of this one$/)
    assert.match(seen({ skewMs: -400_000 }), /400 s behind/)
  })
})
