// Reports the state of this service to systemd (sd_notify(3)): ready, reloading, stopping, alive. Node.js cannot send
// datagrams to unix sockets, so a program does it: systemd-notify, or perl where that is missing, as in containers.
// Used by cli/serve.ts.

import { spawn } from 'node:child_process'
import { systemdLimits } from '../../base/limits.ts'
import type { Logger } from '../../base/log.ts'

/** Sends its second argument to the socket that is its first; an `@` in front stands for an abstract socket. */
const perlProgram = `socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
my ($p, $m) = @ARGV; $p =~ s/^@/\\0/;
connect($s, pack_sockaddr_un($p)) or die; send($s, $m, 0) or die;
select(undef, undef, undef, 0.3);`

type Environment = NodeJS.ProcessEnv

/** The line of `systemctl status` while the proxy serves. */
export const servingStatus = ({ traffic }: { readonly traffic: readonly string[] }): string =>
  `serving ${traffic.join(' ')}`

export class ServiceManager {
  readonly #socket: string
  readonly #log: Logger
  /** Messages are sent one after the other, because their order counts. */
  #sent: Promise<void> = Promise.resolve()
  #hasFailed = false
  #hasEnded = false
  readonly #watchdog: NodeJS.Timeout | undefined

  /**
   * The variables are removed, because they are for this process alone.
   * @returns `undefined` when no service manager waits for reports.
   */
  static of(environment: Environment, log: Logger): ServiceManager | undefined {
    const { NOTIFY_SOCKET: socket = '', WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = environment
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name]
    if (!/^[/@]/.test(socket)) return undefined
    const isOurs = pid === undefined || pid === String(process.pid)
    const watchdogMs = isOurs && /^\d{1,15}$/.test(usec ?? '') ? Number(usec) / 1_000 : 0
    return new ServiceManager(socket, watchdogMs, log)
  }

  /** @param watchdogMs time without a sign of life after which systemd ends the service; 0: never. */
  private constructor(socket: string, watchdogMs: number, log: Logger) {
    this.#socket = socket
    this.#log = log
    if (watchdogMs === 0) return
    this.#watchdog = setInterval(() => void this.#send('WATCHDOG=1'), watchdogMs / 2).unref()
  }

  /** The service works; also the end of a reload. */
  ready(status: string): Promise<void> {
    return this.#send('READY=1', `STATUS=${status}`)
  }

  /** The service works, and this process is its main one in place of another. */
  readyInstead(status: string): Promise<void> {
    return this.#send(`MAINPID=${process.pid}`, 'READY=1', `STATUS=${status}`)
  }

  /** Sends nothing more: another process reports. */
  end(): void {
    clearInterval(this.#watchdog)
    this.#hasEnded = true
  }

  /** A reload begins. */
  reloading(): Promise<void> {
    const usec = process.hrtime.bigint() / 1_000n
    return this.#send('RELOADING=1', `MONOTONIC_USEC=${usec}`, 'STATUS=reloading')
  }

  /** The service begins to end. */
  stopping(status: string): Promise<void> {
    clearInterval(this.#watchdog)
    return this.#send('STOPPING=1', `STATUS=${status}`)
  }

  #send(...assignments: readonly string[]): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    this.#sent = this.#sent.then(() => this.#sendNow(assignments))
    return this.#sent
  }

  async #sendNow(assignments: readonly string[]): Promise<void> {
    const message = assignments.join('\n')
    const problem =
      (await this.#run('systemd-notify', assignments)) &&
      (await this.#run('perl', ['-MSocket', '-e', perlProgram, this.#socket, message]))
    if (problem === undefined || this.#hasFailed) return
    this.#hasFailed = true
    this.#log.warn({ reason: problem }, 'systemd not informed: install systemd-notify or perl')
  }

  /** @returns `undefined` when the program has succeeded. */
  #run(program: string, args: readonly string[]): Promise<string | undefined> {
    return new Promise((resolve) => {
      const child = spawn(program, args, {
        stdio: 'ignore',
        env: { ...process.env, NOTIFY_SOCKET: this.#socket },
        timeout: systemdLimits.notifyMs,
      })
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} failed`))
    })
  }
}
