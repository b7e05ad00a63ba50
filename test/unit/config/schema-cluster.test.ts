import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveValues } from '../../../src/config/effective.ts'
import { type Config, validateConfig } from '../../../src/config/schema.ts'
import { clusterRisk, defaultProxyName } from '../../../src/config/schema-cluster.ts'

function configOf(cluster: object): Config {
  const result = validateConfig({ cluster })
  assert.ok(result.ok, JSON.stringify(result))
  return result.config
}

function problemsWith(cluster: object): readonly string[] {
  const result = validateConfig({ cluster })
  return result.ok ? [] : result.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('without servers there is no shared registry', () => {
  assert.deepEqual(configOf({}).cluster.nats, [])
})

test('servers are a list, or one text with commas', () => {
  const nats = ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4223']
  assert.deepEqual(configOf({ nats }).cluster.nats, nats)
  assert.deepEqual(configOf({ nats: nats.join(',') }).cluster.nats, nats)
})

test('what is no server, no name and no pair of certificate and key is refused with the right form', () => {
  for (const nats of ['127.0.0.1:4222', 'http://a:4222', 'nats://a:4222/x', 'nats://'])
    assert.match(problemsWith({ nats }).join(), /tls:\/\/nats-a:4222/, nats)
  assert.match(problemsWith({ name: 'a b' }).join(), /letters, digits/)
  assert.match(problemsWith({ proxy: 'a b' }).join(), /visible ASCII/)
  assert.match(problemsWith({ replicas: 7 }).join(), /from 1 to 5/)
  assert.match(problemsWith({ tls: { cert: 'a.pem' } }).join(), /cluster\.tls\.key: is missing/)
  assert.match(problemsWith({ tls: { key: 'a.key' } }).join(), /cluster\.tls\.cert: is missing/)
  assert.match(problemsWith({ nats: 'nats://a:1,tls://b:1' }).join(), /mixes/)
})

test('servers elsewhere without TLS or without a login are a risk, those on this machine are none', () => {
  const risk = (cluster: object): string | undefined => clusterRisk(configOf(cluster).cluster)
  assert.equal(
    risk({ nats: 'nats://127.0.0.1:4222,nats://localhost:4223,nats://[::1]:4224' }),
    undefined,
  )
  assert.match(risk({ nats: 'nats://10.0.0.1:4222' }) ?? '', /not encrypted/)
  assert.match(risk({ nats: 'tls://10.0.0.1:4222' }) ?? '', /credentials/)
  assert.equal(risk({ nats: 'tls://u:p@10.0.0.1:4222' }), undefined)
  assert.equal(risk({ nats: 'tls://10.0.0.1:4222', creds: 'a.creds' }), undefined)
})

test('the name of a proxy is that of the machine and of its control port', () => {
  assert.match(defaultProxyName(6666), /^[\x21-\x7e]{1,64}-6666$/)
})

test('the password of a server is not shown', () => {
  const config = configOf({ nats: 'nats://topspin:s3cret@127.0.0.1:4222' })
  const shown = effectiveValues(config, new Map()).find(({ key }) => key === 'cluster.nats')
  assert.deepEqual(shown?.value, ['nats://topspin:(secret)@127.0.0.1:4222'])
})
