// The Location of redirects.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { locationOf, readLocationFormat } from '../../../src/candidacy/location.ts'
import type { Candidate } from '../../../src/cluster/routes.ts'
import { nodeCandidate, peerCandidate } from '../../support/candidacy-fixture.ts'

const peer = peerCandidate(1, {
  announcement: { name: 'www-1.nyc.internal:8080', host: '10.0.0.1', port: 8_080 },
})

function location(
  format: string,
  chosen: Candidate = peer,
  target: string = '/a/b?c=d',
): string | undefined {
  const read = readLocationFormat(format)
  assert.ok(typeof read !== 'string', String(read))
  return locationOf(read, chosen, 'shop.example.com', target)
}

for (const [format, wanted] of [
  ['%N', 'http://www-1.nyc.internal:8080/a/b?c=d'],
  ['%A', 'http://10.0.0.1:8080/a/b?c=d'],
  ['%2N.example.com', 'http://www-1.nyc.example.com:8080/a/b?c=d'],
  ['%1N.%-2H', 'http://www-1.example.com:8080/a/b?c=d'],
  ['%1N.%-2H:80', 'http://www-1.example.com:80/a/b?c=d'],
  ['https://%N:%P', 'https://www-1.nyc.internal:8080/a/b?c=d'],
  ['%S://%H:8443', 'http://shop.example.com:8443/a/b?c=d'],
] as const) {
  test(`${format} is ${wanted}`, () => assert.equal(location(format), wanted))
}

test('the default port of the scheme is left out, an IPv6 address is put in brackets', () => {
  const six = peerCandidate(2, {
    announcement: { host: '2001:db8::1', port: 443, scheme: 'https' },
  })
  assert.equal(location('%A', six), 'https://[2001:db8::1]/a/b?c=d')
})

test('the name of a node is its host', () => {
  const node = nodeCandidate(1)
  assert.equal(location('%N', node), 'http://127.0.0.1:1/a/b?c=d')
  const safe = { ...node, node: { ...node.node, type: 'https', port: 443 } }
  assert.equal(location('%N', safe), 'https://127.0.0.1/a/b?c=d')
  const ajp = { ...node, node: { ...node.node, type: 'ajp' } }
  assert.equal(location('%N', ajp), undefined, 'clients do not speak AJP')
})

test('there is no Location for a name that is no host name, or a target that is no path', () => {
  const strange = peerCandidate(3, { announcement: { name: 'a/b@c' } })
  assert.equal(location('%N', strange), undefined)
  assert.equal(location('%N', peer, '*'), undefined)
  assert.equal(location('%N', peer, '/a\r\nSet-Cookie: x'), undefined)
})

test('a target with two slashes stays on the host', () => {
  assert.equal(location('%A', peer, '//evil.example'), 'http://10.0.0.1:8080//evil.example')
})
