// The command of a server as a child process: it inherits the standard streams, receives our signals, and its
// exit code becomes ours. Used by the sidecar and by `topspin peer`.

import { type ChildProcess, spawn } from 'node:child_process'
import { agentLimits } from '../base/limits.ts'

const signalNumbers = new Map<string, number>([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGKILL', 9],
  ['SIGTERM', 15],
])

export class Command {
  /** The exit code; 128 + signal after a signal, 127 when the command cannot be started. */
  readonly exited: Promise<number>
  readonly #child: ChildProcess

  /** `undefined` for an empty command. */
  static start(command: readonly string[] | undefined): Command | undefined {
    const [program, ...args] = command ?? []
    return program === undefined ? undefined : new Command(program, args)
  }

  private constructor(program: string, args: readonly string[]) {
    // In a process group of its own, so that Ctrl-C in a terminal reaches this process alone.
    const child = spawn(program, args, { stdio: 'inherit', detached: true })
    this.#child = child
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        process.stderr.write(`topspin: ${error.message}\n`)
        resolve(127)
      })
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signalNumbers.get(signal ?? '') ?? 0)),
      )
    })
  }

  /** Sends a signal and waits for the end; kills the command when it does not end in time. */
  async end(signal: NodeJS.Signals): Promise<number> {
    this.#child.kill(signal)
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), agentLimits.childEndMs)
    const code = await this.exited
    clearTimeout(kill)
    return code
  }
}
