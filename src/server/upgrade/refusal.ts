// Whether another process can take the place of this one: whoever started this process has to accept that. Pure. Used by
// cli/upgrades.ts.

export interface Circumstances {
  readonly pid: number
  readonly ppid: number
  /** As this process was started. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Name of process 1. */
  readonly init: string
}

/** They end with the process that they have started, and the container with them. */
const containerInits: readonly string[] = ['tini', 'docker-init', 'dumb-init', 'catatonit']

const container =
  'a container ends with its first process: start a container of the new image, then stop this one, which drains at SIGTERM (docs/upgrading.md)'

/** @returns why another process cannot take the place of this one, and what to do; `undefined` when it can. */
export function upgradeRefusal({
  pid,
  ppid,
  environment,
  init,
}: Circumstances): string | undefined {
  if (pid === 1) return `this proxy is process 1, which cannot be replaced; ${container}`
  if (ppid === 1 && containerInits.includes(init))
    return `this proxy is started by ${init}, which waits for this very process; ${container}`
  if (environment['pm_id'] !== undefined)
    return 'this proxy is started by PM2, which waits for this very process: use pm2 restart'
  const { SYSTEMD_EXEC_PID: started, NOTIFY_SOCKET: socket } = environment
  if (started === String(pid) && socket === undefined)
    return 'systemd does not follow a new process of this unit: set Type=notify and NotifyAccess=all, as contrib/systemd/topspin.service does'
  return undefined
}
