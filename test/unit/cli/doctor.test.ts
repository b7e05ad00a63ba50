import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { advertiseFindings } from '../../../src/cli/doctor/multicast.ts'
import { nodeFindings } from '../../../src/cli/doctor/nodes.ts'
import type { NodeReport, StatusReport } from '../../../src/control/status-report.ts'

const context = {
  path: '/',
  alias: 'localhost',
  status: 'ENABLED',
  inFlight: 0,
} as const
const node = (more: Partial<NodeReport> = {}): NodeReport =>
  ({
    route: 'a',
    type: 'http',
    host: '10.0.0.1',
    port: 8080,
    removal: 'none',
    health: 'up',
    reason: null,
    ejectedForErrors: false,
    loadFactor: 90,
    silent: false,
    contexts: [context],
    ...more,
  }) as NodeReport
const report = (...nodes: NodeReport[]): StatusReport => ({ nodes }) as unknown as StatusReport

describe('the finding about a node', () => {
  const cases: [string, Partial<NodeReport>, 'ok' | 'warn' | 'fail', RegExp][] = [
    ['that reports its load is ok', {}, 'ok', /load factor 90, 1 context for localhost$/],
    [
      'with two contexts is ok, with their number',
      { contexts: [context, { ...context, path: '/shop' }] },
      'ok',
      /, 2 contexts for localhost$/,
    ],
    [
      'that cannot be reached is fail, with the reason',
      { health: 'down', reason: 'refused' },
      'fail',
      /refused/,
    ],
    ['without a context is fail', { contexts: [] }, 'fail', /no context/],
    [
      'whose contexts are all stopped is fail, with their status',
      { contexts: [{ ...context, status: 'STOPPED' }] },
      'fail',
      /no context is enabled \(STOPPED\)/,
    ],
    ['that reports itself broken is fail', { loadFactor: -1 }, 'fail', /broken/],
    ['that stopped reporting is warn', { silent: true }, 'warn', /stopped reporting/],
    ['that is a standby is warn', { loadFactor: 0 }, 'warn', /standby/],
    [
      'that has not reported yet is warn',
      { loadFactor: null },
      'warn',
      /not reported its load yet/,
    ],
  ]
  for (const [name, more, result, seen] of cases) {
    test(name, () => {
      const [finding] = nodeFindings(report(node(more)))
      assert.equal(finding?.result, result)
      assert.match(finding?.seen ?? '', seen)
    })
  }

  test('is fail when no node is registered, or only removed ones', () => {
    for (const given of [report(), report(node({ removal: 'marked' }))]) {
      assert.match(nodeFindings(given)[0]?.seen ?? '', /no node is registered/)
    }
  })
})

describe('the finding about advertisements', () => {
  const nothing = { good: new Map(), wrongKey: 0, broken: 0, skewMs: undefined }
  const seen = (more: object): string =>
    advertiseFindings({ ...nothing, ...more }, '224.0.1.105:23364', 11_000)
      .map(({ result, seen }) => `${result} ${seen}`)
      .join('; ')

  test('names the address of each proxy', () => {
    assert.match(seen({ good: new Map([['id', '10.0.0.1:6666']]) }), /^ok .*10\.0\.0\.1:6666$/)
  })
  test('is fail when no proxy advertises itself', () => {
    assert.match(seen({}), /^fail no proxy advertised itself at 224\.0\.1\.105:23364 within 11 s$/)
  })
  test('is fail for datagrams with another key', () => {
    assert.match(seen({ wrongKey: 2 }), /^fail 2 datagrams are signed with another key$/)
  })
  test('is fail for a proxy with another time', () => {
    assert.match(seen({ skewMs: 400_000 }), /^fail a proxy's clock is 400 s ahead of this one$/)
    assert.match(seen({ skewMs: -400_000 }), /400 s behind/)
  })
})
