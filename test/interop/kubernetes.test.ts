// The manifests of contrib/kubernetes, and what the chart renders, against the schemas of Kubernetes itself, as the package
// kubernetes-validate of PyPI has them: an unknown key is an error, too.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { underLock } from '../support/build-lock.ts'
import { helm, noHelm } from '../support/helm.ts'
import { repository } from '../support/packed-package.ts'

const project = join(repository, 'test', 'interop', 'kubernetes')
const target = join(project, 'target')
const validate = join(target, 'bin', 'kubernetes-validate')
const installMs = 120_000
/** The oldest that the manifests are for, and the newest that the package has. */
const versions = ['1.25', '1.29', '1.32', '1.37']

const skip =
  (await underLock(`${project}/target.lock`, 2 * installMs, async () => install())) ?? false

function install(): string | undefined {
  const isInstalled = (): boolean => spawnSync(validate, ['--version']).status === 0
  if (isInstalled()) return undefined
  const list = join(project, 'requirements.txt')
  for (const [command = '', ...args] of [
    ['python3', '-m', 'venv', target],
    [join(target, 'bin', 'pip'), 'install', '--quiet', '--requirement', list],
  ]) {
    const { status, stderr, error } = spawnSync(command, args, {
      encoding: 'utf8',
      timeout: installMs,
    })
    if (status !== 0)
      return `kubernetes-validate cannot be installed: ${(error?.message ?? stderr).trim().split('\n').at(-1)}`
  }
  return isInstalled() ? undefined : 'kubernetes-validate does not run'
}

/** What the schemas say against a file; '' when it is right. */
function problemsOf(file: string): string {
  const wanted = versions.flatMap((version) => ['--kubernetes-version', version])
  const args = ['--strict', '--quiet', ...wanted, file]
  const { status, stdout, stderr } = spawnSync(validate, args, { encoding: 'utf8' })
  return status === 0 ? '' : stdout + stderr
}

const manifests = join(repository, 'contrib', 'kubernetes')
for (const name of readdirSync(manifests))
  test(`${name} is valid for Kubernetes`, { skip }, () => {
    assert.equal(problemsOf(join(manifests, name)), '')
  })

for (const values of [
  [],
  ['--set', 'replicas=3,tls.secretName=web,service.type=LoadBalancer,drainSeconds=50'],
])
  test(`the chart is valid for Kubernetes, rendered with ${values[1] ?? 'its own values'}`, {
    skip: skip || noHelm,
  }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'topspin-rendered-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const chart = join(repository, 'contrib', 'helm', 'topspin')
    const args = ['template', 'topspin', chart, '--kube-version', '1.32.0', ...values]
    const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const file = join(folder, 'rendered.yaml')
    writeFileSync(file, stdout)
    assert.equal(problemsOf(file), '')
  })

test('a manifest with a misspelt key is not valid', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-misspelt-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'proxy.yaml')
  const text = readFileSync(join(manifests, 'proxy.yaml'), 'utf8')
  assert.ok(text.includes('terminationGracePeriodSeconds'))
  writeFileSync(file, text.replace('terminationGracePeriodSeconds', 'terminationGracePeriod'))
  assert.match(problemsOf(file), /terminationGracePeriod/)
})
