// A proxy whose address ExaBGP announces to a router that runs BIRD, by the files in contrib/, each in a network namespace:
// the route is there while the proxy is ready, and goes before the proxy refuses connections.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ask, makeNetwork, noNamespaces, run } from '../../support/namespaces.ts'
import { program } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const contrib = fileURLToPath(new URL('../../../../contrib/', import.meta.url))
const shared = '192.0.2.10'

function whyNot(): string | false {
  if (spawnSync('bird', ['--version']).status !== 0) return 'bird is not installed (Debian: bird2)'
  if (spawnSync('exabgp', ['--version']).status !== 0) return 'exabgp is not installed'
  return noNamespaces()
}

test('the route to a proxy is withdrawn when it drains, before it refuses connections', {
  skip: whyNot(),
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  makeNetwork(t, { router: '198.51.100.1/24', front: '198.51.100.2/24' })
  const control = join(folder, 'bird.ctl')
  run(t, 'router', ['bird', '-f', '-c', join(contrib, 'bgp/bird.conf'), '-s', control])
  const proxy = run(t, 'front', [process.execPath, program, 'serve', '--workers', '0'], {
    TOPSPIN_LISTEN: '0.0.0.0:8000',
    TOPSPIN_HEALTH_LISTEN: '127.0.0.1:6670',
    TOPSPIN_DRAIN_DELAY: '30s',
  })

  const check = join(folder, 'ready.sh')
  copyFileSync(join(contrib, 'keepalived/ready.sh'), check)
  const text = readFileSync(join(contrib, 'bgp/exabgp.conf'), 'utf8')
  writeFileSync(join(folder, 'exabgp.conf'), text.replace('/etc/exabgp/ready.sh', check))
  const speaker = run(t, 'front', ['exabgp', join(folder, 'exabgp.conf')], {
    exabgp_daemon_user: 'root',
    exabgp_api_cli: 'false',
  })
  // The check is its child process.
  t.after(() => speaker.process.kill('SIGTERM'))
  const route = (): string => ask('router', 'birdc', '-s', control, 'show', 'route')
  await until(
    'the router has the route',
    () => route().includes(`${shared}/32`),
    60_000,
    () => [route(), speaker.output().slice(-2_000), proxy.output().slice(-500)],
  )

  proxy.process.kill('SIGTERM')
  await until('the route is withdrawn', () => !route().includes(`${shared}/32`), 25_000)
  assert.equal(proxy.process.exitCode, null, 'the proxy still accepts connections')
})
