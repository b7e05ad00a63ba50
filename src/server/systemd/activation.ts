// The listening sockets that systemd has opened for this process (sd_listen_fds(3)): what its environment variables say.
// Pure; cli/serve.ts reads them once at the start.

type Environment = Readonly<Record<string, string | undefined>>

/** A descriptor of this process and the name that the socket unit gives it. */
interface PassedDescriptor {
  readonly fd: number
  /** `FileDescriptorName=` of the socket unit, by default the name of the unit; '' when none is passed. */
  readonly name: string
}

export type Activation =
  | { readonly ok: true; readonly descriptors: readonly PassedDescriptor[] }
  | { readonly ok: false; readonly problem: string }

/** The first descriptor (SD_LISTEN_FDS_START). */
const firstDescriptor = 3

/** More than any service has. */
const descriptorsMax = 1_000

/** @param pid of this process: variables for another process, such as a wrapper script around this one, do not count. */
export function readActivation(environment: Environment, pid: number): Activation {
  const { LISTEN_FDS: count, LISTEN_PID: owner, LISTEN_FDNAMES: names = '' } = environment
  if (count === undefined || owner === undefined) return { ok: true, descriptors: [] }
  if (owner !== String(pid)) {
    const problem = `the sockets of systemd are for process ${owner}, not for this one: start topspin or node directly in ExecStart, not through npm, npx or a shell`
    return { ok: false, problem }
  }
  const number = /^\d{1,4}$/.test(count) ? Number(count) : Number.NaN
  if (!(number <= descriptorsMax)) return { ok: false, problem: `LISTEN_FDS=${count} is no number` }
  const list = names === '' ? [] : names.split(':')
  const descriptors = Array.from({ length: number }, (_, index) => ({
    fd: firstDescriptor + index,
    name: list[index] ?? '',
  }))
  return { ok: true, descriptors }
}
