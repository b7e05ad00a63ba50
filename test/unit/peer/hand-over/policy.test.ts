import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveTable } from '../../../../src/cluster/live.ts'
import { makePeer } from '../../../../src/cluster/peer.ts'
import { makeTraffic } from '../../../../src/forward/index.ts'
import { type Chooser, type Decided, here } from '../../../../src/peer/choice/choice.ts'
import { PeerCandidates } from '../../../../src/peer/choice/peer-candidates.ts'
import { HandOverPolicy } from '../../../../src/peer/hand-over/policy.ts'
import type { ArrivedRequest } from '../../../../src/peer/hand-over/request-views.ts'
import { someAnnouncement } from '../../../support/announcement.ts'

const candidates = new PeerCandidates(new LiveTable())
const [candidate] = candidates.of([makePeer(2, someAnnouncement(), 0, false)])
const toPeer: Decided = { mode: 'proxy', candidate: candidate! }

function policyWith(choice: Decided): HandOverPolicy {
  const chooser: Chooser = {
    application: candidates.application,
    isOff: false,
    first: () => choice,
    again: () => choice,
  }
  return new HandOverPolicy(makeTraffic({}), chooser)
}

const request = (hasPassed: boolean): ArrivedRequest => ({
  method: 'GET',
  target: '/',
  host: 'a',
  client: '192.0.2.1',
  field: () => undefined,
  hasPassed: () => hasPassed,
})

test('a request goes to the peer that the chooser returns', () => {
  assert.equal(policyWith(toPeer).choose(request(false)), toPeer)
  assert.equal(policyWith(here).choose(request(false)), here)
})

test('a request that this server has forwarded before is served here', () => {
  assert.equal(policyWith(toPeer).choose(request(true)), here)
  const redirect: Decided = { mode: 'redirect', location: 'http://b/' }
  assert.equal(policyWith(redirect).choose(request(true)), redirect)
})

test('after a failure only another peer counts, not a redirect', () => {
  assert.equal(policyWith(toPeer).another(request(false), [1]), candidate)
  assert.equal(policyWith(here).another(request(false), [1]), undefined)
  const redirect: Decided = { mode: 'redirect', location: 'http://b/' }
  assert.equal(policyWith(redirect).another(request(false), [1]), undefined)
})
