// A server's command that runs beside us: started with our streams, told of our end, its exit code handed on.
// Called by the sidecar and by the front of a peer.

import { type ChildProcess, spawn } from 'node:child_process'
import { agentLimits } from '../base/limits.ts'

const signalNumbers = new Map<string, number>([
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGKILL', 9],
  ['SIGTERM', 15],
])

export class Command {
  /** Its exit code; 128 + signal where it died of one, 127 where it could not be started. */
  readonly exited: Promise<number>
  readonly #child: ChildProcess

  /** `undefined` for an empty command. */
  static start(command: readonly string[] | undefined): Command | undefined {
    const [program, ...args] = command ?? []
    return program === undefined ? undefined : new Command(program, args)
  }

  private constructor(program: string, args: readonly string[]) {
    // Its own process group: Ctrl-C in a terminal must reach this process first, and only this one.
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

  /** Passes a signal on and waits for the end; kills what does not end by itself. */
  async end(signal: NodeJS.Signals): Promise<number> {
    this.#child.kill(signal)
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), agentLimits.childEndMs)
    const code = await this.exited
    clearTimeout(kill)
    return code
  }
}
