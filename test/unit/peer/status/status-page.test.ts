import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { PeerMembership } from '../../../../src/peer/membership/membership.ts'
import { statusAnswer, statusPage } from '../../../../src/peer/status/status-page.ts'
import { type PeersReport, peersReport } from '../../../../src/peer/status/status-report.ts'
import { someAnnouncement } from '../../../support/announcement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function reportOf(t: TestContext): PeersReport {
  const clock = new ManualClock()
  const membership = new PeerMembership({
    group: '127.0.0.1:9',
    address: 'http://127.0.0.1:8000',
    name: '<me>',
    insecure: true,
    log: false,
    clock,
    openDatagrams: () => ({
      ready: Promise.resolve(),
      ports: [],
      own: [],
      send: () => {},
      sendFromOwn: () => {},
      close: () => Promise.resolve(),
    }),
  })
  t.after(() => membership.close())
  const { table, live } = membership
  table.accept(someAnnouncement({ name: '"><script>x</script>', contexts: ["/it's"] }))
  table.accept(someAnnouncement({ name: 'b', leaving: true }))
  table.accept(membership.self.announcement)
  table.refuse('forged')
  Object.assign(live.of(2), { elected: 12, inFlight: 3, failures: 1 })
  clock.advance(1_500)
  const question = {
    winner: 'b<',
    asked: [
      { name: '<me>', room: { inHand: 9, ms: 41, knee: 4, errorFactor: 1 } },
      { name: 'b<', room: { inHand: 2, ms: 83, knee: 7, errorFactor: 3.5 } },
      { name: 'c' },
    ],
  }
  return peersReport(membership, [{ title: 'Functions', counts: { 'byAge 5 <': 1_234 } }], question)
}

test('the report lists this server first, then the other peers and what was sent to them', (t) => {
  const report = reportOf(t)
  assert.equal(report.name, '<me>')
  assert.equal(report.isAuthenticated, false)
  assert.deepEqual(
    report.peers.map(({ state, ageMs }) => [state, ageMs]),
    [
      ['self', 0],
      ['present', 1_500],
      ['left', 1_500],
    ],
  )
  const [, first] = report.peers
  assert.equal(first?.url, 'http://10.0.0.1:8080')
  assert.deepEqual(first?.sent, {
    requests: 12,
    inFlight: 3,
    failures: 1,
    bytesSent: 0,
    bytesRead: 0,
  })
  assert.deepEqual(report.announcements, { accepted: 2, own: 1, refused: { forged: 1 } })
})

test('the page escapes every value and has no script', (t) => {
  const page = statusPage(reportOf(t))
  assert.equal(/<script|<img|onload/i.test(page), false)
  assert.ok(page.includes('&quot;&gt;&lt;script&gt;x&lt;/script&gt;'))
  assert.ok(page.includes('/it&#39;s'))
  for (const part of [
    '&lt;me&gt;',
    '2 of 3 present',
    'not authenticated',
    'forged',
    'byAge 5 &lt;',
    '1,234',
    '1.5 s ago',
    '8.43 GiB<small>of 16 GiB',
    // What a request takes there while there is room, and how many at once.
    '<td>8.3 ms</td><td>5.5</td>',
    'b&lt; <strong>chosen</strong></th><td>2 of 7, 83 ms<small>errors: 3.5 times</small></td>',
    '9 of 4, 41 ms</td>',
    'c</th><td>no answer</td>',
  ]) {
    assert.ok(page.includes(part), part)
  }
})

test('a request for JSON gets the report as JSON', (t) => {
  const report = reportOf(t)
  for (const accept of ['application/json', 'application/json, text/html']) {
    const answer = statusAnswer(report, accept)
    assert.equal(answer.contentType, 'application/json')
    assert.deepEqual(JSON.parse(answer.body), report)
  }
  for (const accept of [
    undefined,
    '*/*',
    'text/html,application/xhtml+xml,application/json;q=0.5',
  ]) {
    assert.match(statusAnswer(report, accept).contentType, /^text\/html/)
  }
})
