import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findCgroup } from '../../../src/host/cgroup.ts'
import {
  parseCfsQuota,
  parseCpuMax,
  parseMemoryLimit,
  parsePlaces,
  parseStat,
} from '../../../src/host/cgroup-text.ts'

const machine = 16 * 2 ** 30

test('the groups of a process are read in both versions, and when a machine has both', () => {
  const places = parsePlaces('12:cpu,cpuacct:/docker/ab\n3:memory:/docker/cd\n0::/user.slice\n')
  assert.equal(places.unified, '/user.slice')
  assert.equal(places.byController.get('cpuacct'), '/docker/ab')
  assert.equal(places.byController.get('memory'), '/docker/cd')
  assert.equal(parsePlaces('nonsense\n1:x\n').unified, undefined)
})

test('a quota is a number of processors; max and -1 are no limit', () => {
  assert.equal(parseCpuMax('150000 100000\n'), 1.5)
  assert.equal(parseCpuMax('max 100000\n'), undefined)
  assert.equal(parseCpuMax(''), undefined)
  assert.equal(parseCfsQuota('50000\n', '100000\n'), 0.5)
  assert.equal(parseCfsQuota('-1\n', '100000\n'), undefined)
})

test('a memory limit above the memory of the machine is no limit', () => {
  assert.equal(parseMemoryLimit('536870912\n', machine), 536870912)
  for (const none of ['max\n', '9223372036854771712\n', '18446744073709551615\n', '', '0\n']) {
    assert.equal(parseMemoryLimit(none, machine), undefined, none)
  }
})

test('a stat is found by its whole name', () => {
  const text = 'inactive_file_x 1\ninactive_file 2\n'
  assert.equal(parseStat(text, 'inactive_file'), 2)
  assert.equal(parseStat(text, 'file'), undefined)
})

test('version 2 is read at the path from /proc', (t) => {
  const tree = folderWith(t, {
    'a/b/cgroup.controllers': 'cpu memory\n',
    'a/b/cpu.stat': 'usage_usec 2500000\nuser_usec 1\n',
    'a/b/cpu.max': '200000 100000\n',
    'a/b/memory.current': '1000000\n',
    'a/b/memory.max': '4000000\n',
    'a/b/memory.stat': 'anon 5\ninactive_file 200000\n',
  })
  const group = findCgroup(tree, '0::/a/b\n')
  assert.equal(group?.version, 2)
  assert.deepEqual(group?.cpu(), { used: 2500, limit: 2 })
  assert.deepEqual(group?.memory(), { used: 800000, limit: 4000000 })
})

test('version 2 in a container is read at the root of the tree, without limits', (t) => {
  const tree = folderWith(t, {
    'cgroup.controllers': 'cpu memory\n',
    'cpu.stat': 'usage_usec 1000\n',
    'memory.current': '77\n',
    'memory.max': 'max\n',
  })
  const group = findCgroup(tree, '0::/../../not/here\n')
  assert.deepEqual(group?.cpu(), { used: 1, limit: undefined })
  assert.deepEqual(group?.memory(), { used: 77, limit: undefined })
})

test('version 1 is read controller by controller', (t) => {
  const tree = folderWith(t, {
    'cpu/docker/x/cpu.cfs_quota_us': '50000\n',
    'cpu/docker/x/cpu.cfs_period_us': '100000\n',
    'cpuacct/docker/x/cpuacct.usage': '3000000000\n',
    'memory/memory.usage_in_bytes': '1000\n',
    'memory/memory.limit_in_bytes': '9223372036854771712\n',
    'memory/memory.stat': 'total_inactive_file 400\n',
  })
  const group = findCgroup(tree, '4:cpu,cpuacct:/docker/x\n5:memory:/docker/x\n')
  assert.equal(group?.version, 1)
  assert.deepEqual(group?.cpu(), { used: 3000, limit: 0.5 })
  assert.deepEqual(group?.memory(), { used: 600, limit: undefined })
})

test('without a mounted tree there is no group', (t) => {
  assert.equal(findCgroup(folderWith(t, {}), '0::/a\n'), undefined)
  assert.equal(findCgroup(folderWith(t, {}), ''), undefined)
})

function folderWith(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-cgroup-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}
