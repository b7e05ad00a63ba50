// The chart in contrib/helm by a real helm: what it renders is what contrib/kubernetes has, and the proxy takes its
// configuration.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import { helm, noHelm as skip } from '../../support/helm.ts'
import { repository } from '../../support/packed-package.ts'
import { problemsOf } from '../../support/rules-fixture.ts'

// biome-ignore lint/suspicious/noExplicitAny: manifests of five kinds
type Manifest = any

const chart = join(repository, 'contrib', 'helm', 'topspin')
/** Charts ask for a version of Kubernetes, and a helm that was built from source knows an old one. */
const version = ['--kube-version', '1.32.0']

function run(...words: readonly string[]): {
  status: number | null
  stdout: string
  stderr: string
} {
  const { status, stdout, stderr } = spawnSync(helm, words, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

function rendered(folder: string, ...words: readonly string[]): Manifest[] {
  const { status, stdout, stderr } = run('template', 'topspin', folder, ...version, ...words)
  assert.equal(status, 0, stderr)
  return manifestsIn(stdout)
}

function manifestsIn(text: string): Manifest[] {
  const documents = parseAllDocuments(text)
  for (const { errors } of documents) assert.deepEqual(errors, [])
  return documents.map((document) => document.toJS()).filter((manifest) => manifest !== null)
}

const ofKubernetes = (name: string): Manifest[] =>
  manifestsIn(readFileSync(join(repository, 'contrib', 'kubernetes', `${name}.yaml`), 'utf8'))

const named = (manifests: readonly Manifest[], kind: string, name = 'topspin'): Manifest =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)

const configIn = (manifests: readonly Manifest[]): string =>
  named(manifests, 'ConfigMap').data['topspin.yaml']

test('helm lint finds nothing', { skip }, () => {
  const { status, stdout } = run('lint', '--strict', chart, ...version)
  assert.equal(status, 0, stdout)
  assert.doesNotMatch(stdout, /\[(?:WARNING|ERROR)\]/)
})

test('the chart renders the manifests of contrib/kubernetes', { skip }, () => {
  const [chartManifests, own] = [rendered(chart), ofKubernetes('proxy')]
  assert.equal(chartManifests.length, own.length)
  for (const manifest of own) {
    const { kind, metadata } = manifest
    const other = named(chartManifests, kind, metadata.name)
    assert.deepEqual(comparable(other), comparable(manifest), `${kind} ${metadata.name}`)
  }
})

/** Without what differs on purpose: labels and what selects by them, the hash of the configuration, and defaults. */
function comparable(manifest: Manifest): Manifest {
  const { kind, metadata, spec, data } = structuredClone(manifest)
  if (kind === 'Service') {
    delete spec.selector
    spec.type ??= 'ClusterIP'
  }
  if (kind === 'PodDisruptionBudget') delete spec.selector
  if (kind === 'Deployment') {
    delete spec.selector
    delete spec.template.metadata
    const [container] = spec.template.spec.containers
    container.image = container.image.split(':')[0]
    delete container.imagePullPolicy
  }
  const [config] = data === undefined ? [] : manifestsIn(data['topspin.yaml'])
  if (config !== undefined) config.listen = [config.listen].flat()
  return { kind, name: metadata.name, spec, config }
}

test('services, disruption budget and deployment select the labels of the pods', { skip }, () => {
  const manifests = rendered(chart)
  const { spec } = named(manifests, 'Deployment')
  const { labels } = spec.template.metadata
  const selectors = [
    spec.selector.matchLabels,
    named(manifests, 'PodDisruptionBudget').spec.selector.matchLabels,
    named(manifests, 'Service').spec.selector,
    named(manifests, 'Service', 'topspin-control').spec.selector,
  ]
  for (const selector of selectors) {
    assert.ok(isDeepStrictEqual(selector, selectors[0]))
    for (const [name, value] of Object.entries(selector)) assert.equal(labels[name], value)
  }
})

test('the proxy takes the configuration of the chart, also with TLS and keys of the user', {
  skip,
}, () => {
  assert.deepEqual(problemsOf(configIn(rendered(chart))), [])
  const values = ['--set', 'tls.secretName=web', '--set', 'config.timeouts.connect=1s']
  const manifests = rendered(chart, ...values, '--set', 'drainSeconds=50')
  const text = configIn(manifests)
  assert.deepEqual(problemsOf(text), [])
  assert.match(text, /connect: 1s/)
  assert.match(text, /https:\/\/0\.0\.0\.0:8443/)
  const pod = named(manifests, 'Deployment').spec.template.spec
  assert.ok(pod.terminationGracePeriodSeconds > 50 + 5)
  const { ports } = named(manifests, 'Service').spec
  assert.deepEqual(
    ports.map(({ port }: Manifest) => port),
    [80, 443],
  )
  const mounts = pod.containers[0].volumeMounts.map(({ name }: Manifest) => name)
  assert.deepEqual(mounts.sort(), pod.volumes.map(({ name }: Manifest) => name).sort())
})

test('a value that the chart does not know, or of another type, is refused', { skip }, () => {
  for (const value of ['replica=1', 'replicas=none', 'service.type=Other', 'drainSeconds=0']) {
    const { status, stderr } = run('template', 'topspin', chart, ...version, '--set', value)
    assert.notEqual(status, 0, value)
    assert.match(stderr, /specifications of the schema/, value)
  }
})

test('every value of the chart has a row in its schema', () => {
  const [values] = manifestsIn(readFileSync(join(chart, 'values.yaml'), 'utf8'))
  const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'))
  for (const name of Object.keys(values)) assert.ok(schema.properties[name] !== undefined, name)
})

test('another chart adds the sidecar of contrib/kubernetes to its pods', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-chart-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const [own] = ofKubernetes('sidecar')
  const [, sidecar] = own.spec.template.spec.containers
  own.spec.template.spec.containers.pop()
  const include = '(dict "root" $ "port" 3000 "contexts" (list "/shop")) | nindent 8'
  const deployment = `${stringify(own)}        {{- include "topspin.sidecar" ${include} }}\n`
  const dependency = { name: 'topspin', version: '0.1.0' }
  const files: Record<string, string> = {
    'Chart.yaml': stringify({
      apiVersion: 'v2',
      name: 'shop',
      version: '1.0.0',
      dependencies: [dependency],
    }),
    'values.yaml': stringify({ topspin: { proxy: { enabled: false } } }),
    'templates/deployment.yaml': deployment,
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  cpSync(chart, join(folder, 'charts', 'topspin'), { recursive: true })
  const [manifest, ...others] = rendered(folder)
  assert.deepEqual(others, [])
  const { imagePullPolicy, ...added } = manifest.spec.template.spec.containers[1]
  assert.equal(imagePullPolicy, 'IfNotPresent')
  assert.deepEqual(added, sidecar)
})
