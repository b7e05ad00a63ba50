// The manifests in contrib/kubernetes: what the proxy, the image and the commands have to agree with.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { optionTable } from '../../src/agent/option-table.ts'
import { createProgram } from '../../src/cli/program.ts'
import { readConfig } from '../../src/config/config.ts'

// biome-ignore lint/suspicious/noExplicitAny: manifests of five kinds
type Manifest = any

const manifests = (name: string): Manifest[] => {
  const path = new URL(`../../../contrib/kubernetes/${name}.yaml`, import.meta.url)
  const documents = parseAllDocuments(readFileSync(path, 'utf8'))
  assert.deepEqual(
    documents.flatMap(({ errors }) => errors),
    [],
  )
  return documents.map((document) => document.toJS())
}
const proxy = manifests('proxy')
const one = (kind: string): Manifest => proxy.find((manifest) => manifest.kind === kind)
const deployment = one('Deployment')
const { spec: pod } = deployment.spec.template
const [container] = pod.containers

test('the configuration of the proxy in Kubernetes is right, and its ports are those of the container', () => {
  const text = one('ConfigMap').data['topspin.yaml']
  const result = readConfig({ file: { name: 'topspin.yaml', text }, environment: {}, flags: [] })
  assert.ok(result.ok, JSON.stringify(result))
  const ports = new Map<string, number>(
    container.ports.map(({ name, containerPort }: Manifest) => [name, containerPort]),
  )
  for (const [name, address] of [
    ['http', '0.0.0.0:8000'],
    ['control', '0.0.0.0:6666'],
    ['health', '0.0.0.0:8081'],
  ] as const) {
    assert.ok(text.includes(`listen: ${address}`), address)
    assert.equal(ports.get(name), Number(address.split(':')[1]))
  }
  for (const { spec } of proxy.filter(({ kind }) => kind === 'Service'))
    for (const { targetPort } of spec.ports) assert.ok(ports.has(targetPort), targetPort)
})

test('Kubernetes ends the proxy after preStop and the drain, and asks the pages that it has', () => {
  const [, , script = ''] = container.lifecycle.preStop.exec.command
  const preStop = Number(/, (\d+)\)$/.exec(script)?.[1]) / 1000
  const drain = Number(/drain: (\d+)s/.exec(one('ConfigMap').data['topspin.yaml'])?.[1])
  assert.ok(preStop >= 1 && pod.terminationGracePeriodSeconds >= preStop + drain + 5)
  const paths = ['startupProbe', 'readinessProbe', 'livenessProbe'].map(
    (name) => container[name].httpGet.path,
  )
  assert.deepEqual(paths, ['/startupz', '/readyz', '/livez'])
})

test('the selectors of services and of the disruption budget are the labels of the pods', () => {
  const { labels } = deployment.spec.template.metadata
  assert.deepEqual(deployment.spec.selector.matchLabels, labels)
  assert.deepEqual(one('PodDisruptionBudget').spec.selector.matchLabels, labels)
  for (const { kind, spec } of proxy)
    if (kind === 'Service') assert.deepEqual(spec.selector, labels)
})

test('proxy and sidecar have no rights, and their flags and variables exist', () => {
  const [, sidecar] = manifests('sidecar')[0].spec.template.spec.containers
  assert.equal(pod.securityContext.runAsNonRoot, true)
  assert.equal(sidecar.securityContext.runAsNonRoot, true)
  const commands = createProgram(async () => {}).commands
  for (const { args, securityContext } of [container, sidecar]) {
    assert.equal(securityContext.readOnlyRootFilesystem, true)
    assert.equal(securityContext.allowPrivilegeEscalation, false)
    assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] })
    const known = commands.find((command) => command.name() === args[0])?.options
    for (const flag of args.filter((word: string) => word.startsWith('--')))
      assert.ok(
        known?.some(({ long }) => long === flag),
        flag,
      )
  }
  const variables = optionTable.map(({ variable }) => `TOPSPIN_${variable}`)
  for (const { name } of sidecar.env) assert.ok(name === 'POD_IP' || variables.includes(name), name)
})
