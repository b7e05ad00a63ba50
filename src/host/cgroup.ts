// Use and limits of the control group of this process. In a container they replace those of the machine. The
// group is found once; a reading is two or three small files. Used by the load metrics of agent and peers.

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

/** One group. A reading is `undefined` when a file is missing or has unexpected content. */
export interface Cgroup {
  readonly version: 1 | 2
  /** Processor time used since the group began, ms; the limit in processors, for example 1.5. */
  cpu(): Limited | undefined
  /** Bytes in use without the file cache that the kernel can drop at once; the limit in bytes. */
  memory(): Limited | undefined
}

/**
 * The group of this process; `undefined` outside Linux and when no tree is mounted. In a container the mounted
 * tree usually begins at the group itself, so the root is tried after the path from /proc.
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
