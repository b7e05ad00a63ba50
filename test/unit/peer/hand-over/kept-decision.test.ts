import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import {
  cameBack,
  keepDecision,
  useDecision,
} from '../../../../src/peer/hand-over/kept-decision.ts'

test('a decision is used for one request', () => {
  const socket = new Socket()
  assert.equal(useDecision(socket), undefined)
  keepDecision(socket, cameBack)
  assert.equal(useDecision(socket), cameBack)
  assert.equal(useDecision(socket), undefined)
})
