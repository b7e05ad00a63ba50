// What the control group of this process may use and uses: in a container the truth about "the
// machine". Looked for once; every reading is two or three small files. Called by the agent's metrics.

import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import {
  type CgroupPlaces,
  type Limited,
  parseCfsQuota,
  parseCpuMax,
  parseMemoryLimit,
  parsePlaces,
  parseStat,
  wholeNumber,
} from './cgroup-text.ts'

/** Reads one group. A reading is undefined where a file is missing or says something unexpected. */
export interface Cgroup {
  readonly version: 1 | 2
  /** Processor time used so far in milliseconds; the limit in processors (1.5 = one and a half). */
  cpu(): Limited | undefined
  /** Bytes in use without file cache that can be dropped at once; the limit in bytes. */
  memory(): Limited | undefined
}

/**
 * The group of this process, or undefined outside Linux and where nothing is mounted. In a container
 * the tree usually starts at the group itself, so the path that /proc tells is tried, then the root.
 */
export function findCgroup(
  tree: string = '/sys/fs/cgroup',
  placesText: string | undefined = readText('/proc/self/cgroup'),
): Cgroup | undefined {
  if (placesText === undefined) return undefined
  const places = parsePlaces(placesText)
  return findVersion2(tree, places) ?? findVersion1(tree, places)
}

function findVersion2(tree: string, places: CgroupPlaces): Cgroup | undefined {
  if (places.unified === undefined) return undefined
  const folder = firstWith('cpu.stat', [join(tree, places.unified), tree])
  if (folder === undefined || readText(join(folder, 'cgroup.controllers')) === undefined)
    return undefined
  return {
    version: 2,
    cpu() {
      const micros = parseStat(readText(join(folder, 'cpu.stat')) ?? '', 'usage_usec')
      const limit = parseCpuMax(readText(join(folder, 'cpu.max')) ?? 'max')
      return micros === undefined ? undefined : { used: micros / 1000, limit }
    },
    memory: () => memory(folder, 'memory.current', 'memory.max', 'inactive_file'),
  }
}

function findVersion1(tree: string, places: CgroupPlaces): Cgroup | undefined {
  const of = (controller: string, file: string): string | undefined => {
    const path = places.byController.get(controller)
    if (path === undefined) return undefined
    return firstWith(file, [join(tree, controller, path), join(tree, controller)])
  }
  const cpuFolder = of('cpu', 'cpu.cfs_quota_us')
  const accountFolder = of('cpuacct', 'cpuacct.usage')
  const memoryFolder = of('memory', 'memory.usage_in_bytes')
  if (accountFolder === undefined && memoryFolder === undefined) return undefined
  return {
    version: 1,
    cpu() {
      if (accountFolder === undefined) return undefined
      const nanos = wholeNumber(readText(join(accountFolder, 'cpuacct.usage')) ?? '')
      if (nanos === undefined) return undefined
      if (cpuFolder === undefined) return { used: nanos / 1e6, limit: undefined }
      const quota = readText(join(cpuFolder, 'cpu.cfs_quota_us')) ?? '-1'
      const period = readText(join(cpuFolder, 'cpu.cfs_period_us')) ?? '0'
      return { used: nanos / 1e6, limit: parseCfsQuota(quota, period) }
    },
    memory() {
      if (memoryFolder === undefined) return undefined
      const [usage, limit] = ['memory.usage_in_bytes', 'memory.limit_in_bytes']
      return memory(memoryFolder, usage, limit, 'total_inactive_file')
    },
  }
}

function memory(folder: string, usage: string, max: string, cache: string): Limited | undefined {
  const used = wholeNumber(readText(join(folder, usage)) ?? '')
  if (used === undefined) return undefined
  const droppable = parseStat(readText(join(folder, 'memory.stat')) ?? '', cache) ?? 0
  const limit = parseMemoryLimit(readText(join(folder, max)) ?? '', totalmem())
  return { used: Math.max(0, used - droppable), limit }
}

function firstWith(file: string, folders: readonly string[]): string | undefined {
  return folders.find((folder) => readText(join(folder, file)) !== undefined)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
