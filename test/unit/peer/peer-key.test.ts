import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { peerKeyProblem } from '../../../src/peer/peer-key.ts'

test('the name of a file is refused as a secret', () => {
  for (const path of [
    '/etc/topspin/key',
    '/run/secrets/peer_key',
    './key',
    '../key',
    '~/key',
    'C:\\keys\\peer',
    'node.pem',
    'certs/node.KEY',
    fileURLToPath(import.meta.url),
  ])
    assert.match(peerKeyProblem(path) ?? '', /looks like the name of a file/, path)
})

test('the name of a file is not repeated in the problem', () => {
  assert.doesNotMatch(peerKeyProblem('/etc/hush/key') ?? '', /hush/)
})

test('generated secrets and sentences are no names of files', () => {
  const generated = Array.from({ length: 1_000 }, () => `/${randomBytes(24).toString('base64')}`)
  for (const secret of [...generated, 'what the peers of a scene share', '/', 'a/b/c', 'v1.secret'])
    assert.equal(
      peerKeyProblem(secret, () => false),
      undefined,
      secret,
    )
})
