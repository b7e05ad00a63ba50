// Parses the files of Linux control groups: version 2 (one tree) and version 1 (one tree for each controller).
// Pure; called by cgroup.ts.

/** The groups of this process, as paths below the mounted trees, from `/proc/self/cgroup`. */
export interface CgroupPlaces {
  readonly unified: string | undefined
  /** Version 1: controller name to path. */
  readonly byController: ReadonlyMap<string, string>
}

export interface Limited {
  readonly used: number
  /** `undefined`: unlimited. */
  readonly limit: number | undefined
}

/** Lines `hierarchy:controllers:path`; hierarchy 0 without controllers is version 2. */
export function parsePlaces(text: string): CgroupPlaces {
  const byController = new Map<string, string>()
  let unified: string | undefined
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line)
    if (match === null) continue
    const [, hierarchy, controllers = '', path = '/'] = match
    if (hierarchy === '0' && controllers === '') unified = path
    else for (const controller of controllers.split(',')) byController.set(controller, path)
  }
  return { unified, byController }
}

/** Processors that may be used, from version 2's `cpu.max`: `max 100000` or `150000 100000`. */
export function parseCpuMax(text: string): number | undefined {
  const [quota = '', period = ''] = text.trim().split(' ')
  return quota === 'max' ? undefined : processors(Number(quota), Number(period))
}

/** The same from version 1's `cpu.cfs_quota_us` (-1: unlimited) and `cpu.cfs_period_us`. */
export function parseCfsQuota(quota: string, period: string): number | undefined {
  return processors(Number(quota.trim()), Number(period.trim()))
}

/** The value of a name in a file of `name value` lines, for example `cpu.stat`. */
export function parseStat(text: string, name: string): number | undefined {
  for (const line of text.split('\n')) {
    const [key, value = ''] = line.split(' ')
    if (key === name) return wholeNumber(value)
  }
  return undefined
}

/**
 * A memory limit in bytes. No limit is `max` in version 2 and a number near 2^63 in version 1, so a limit above
 * the memory of the machine is none (`process.constrainedMemory()` returns 2^64 there).
 */
export function parseMemoryLimit(text: string, machineBytes: number): number | undefined {
  const limit = wholeNumber(text.trim())
  return limit !== undefined && limit > 0 && limit <= machineBytes ? limit : undefined
}

export function wholeNumber(text: string): number | undefined {
  return /^\d{1,20}$/.test(text.trim()) ? Number(text) : undefined
}

function processors(quota: number, period: number): number | undefined {
  return quota > 0 && period > 0 ? quota / period : undefined
}
