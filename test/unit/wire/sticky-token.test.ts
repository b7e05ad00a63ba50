// The value of the proxy's own sticky cookie.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StickySeal } from '../../../src/wire/sticky-token.ts'

const seal = new StickySeal('secret of all proxies', 'mycluster')
const token = { node: seal.node('10-0-0-7-3001'), domain: seal.domain('east'), client: 'AbC_' }

test('a token returns as it was written, at any proxy with the same secret', () => {
  for (const issuedAt of [0, 1_700_000_000, 4_000_000_000]) {
    const text = seal.write({ ...token, issuedAt })
    const elsewhere = new StickySeal('secret of all proxies', 'mycluster')
    assert.deepEqual(elsewhere.read(text), { ...token, issuedAt })
    assert.match(text, /^[\w-]{55}$/)
  }
})

test('a token shows neither the name of the node nor that of its domain', () => {
  const text = seal.write({ ...token, issuedAt: 0 })
  const decoded = Buffer.from(text, 'base64url').toString('latin1')
  for (const name of ['10-0-0-7', '3001', 'east', 'mycluster']) {
    assert.ok(!text.includes(name) && !decoded.includes(name), name)
  }
})

test('a token with any character changed, missing or added is none', () => {
  const text = seal.write({ ...token, issuedAt: 1_700_000_000 })
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === 'A' ? 'B' : 'A'
    assert.equal(seal.read(text.slice(0, at) + other + text.slice(at + 1)), undefined, String(at))
    assert.equal(seal.read(text.slice(0, at) + text.slice(at + 1)), undefined, String(at))
  }
  for (const forged of [`${text}A`, `A${text}`, '', text.toUpperCase(), `${text}=`, ` ${text}`]) {
    assert.equal(seal.read(forged), undefined)
  }
})

test('the parts of two tokens make no third', () => {
  const one = seal.write({ ...token, issuedAt: 0 })
  const two = seal.write({ ...token, node: seal.node('b'), issuedAt: 0 })
  assert.equal(seal.read(two.slice(0, 16) + one.slice(16)), undefined)
})

test('another balancer, another secret and no secret do not read it', () => {
  const text = seal.write({ ...token, issuedAt: 0 })
  for (const other of [
    new StickySeal('secret of all proxies', 'other'),
    new StickySeal('another secret', 'mycluster'),
    new StickySeal('', 'mycluster'),
  ]) {
    assert.equal(other.read(text), undefined)
  }
})
