// The order of the processes that share a port. Each listens on a local socket whose name ends with its number, and the
// lowest number that answers is the first of them. A number is above all others when it is claimed, so no process gets
// in front of another that is there already. Used by agent/group/.

import { once } from 'node:events'
import { readdirSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Between two attempts to connect: a process that has bound its socket may not yet listen on it. */
const againMs = 50

export class Rank {
  readonly #folder: string
  readonly #name: string
  readonly #number: number
  readonly #server: Server

  private constructor(folder: string, name: string, number: number, server: Server) {
    this.#folder = folder
    this.#name = name
    this.#number = number
    this.#server = server
  }

  /**
   * Claims the next number.
   * @param name of the port, without a dot. @param accepted called with connections of processes behind this one.
   * @throws the error of the system when the folder cannot be used.
   */
  static async claim(
    folder: string,
    name: string,
    accepted: (socket: Socket) => void,
  ): Promise<Rank> {
    for (;;) {
      // By the clock, so that a number is not used again after its socket was removed.
      const number = Math.max(Date.now(), ...numbersIn(folder, name).map((each) => each + 1))
      const server = createServer(accepted)
      const listening = listen(server, join(folder, `${name}.${number}`))
      // Before this process waits for anything: the list may be out of date, and a process behind be the first already.
      const isLast = Math.max(0, ...numbersIn(folder, name)) === number
      if (await listening) {
        if (isLast) return new Rank(folder, name, number, server)
        server.close()
      }
      await sleep(againMs * Math.random())
    }
  }

  /** A connection to the first process; `undefined` when that is this one. Removes sockets of processes that have died. */
  async first(): Promise<Socket | undefined> {
    const before = numbersIn(this.#folder, this.#name).filter((number) => number < this.#number)
    for (const number of before.sort((a, b) => a - b)) {
      const path = join(this.#folder, `${this.#name}.${number}`)
      const socket = (await tryConnect(path)) ?? (await sleep(againMs).then(() => tryConnect(path)))
      if (socket !== undefined) return socket
      remove(path)
    }
    return undefined
  }

  /** Gives the number up; connections stay open. */
  close(): void {
    this.#server.close()
  }
}

/** None where the folder has been removed. */
function numbersIn(folder: string, name: string): number[] {
  const prefix = `${name}.`
  try {
    return readdirSync(folder)
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => Number(entry.slice(prefix.length)))
      .filter(Number.isSafeInteger)
  } catch {
    return []
  }
}

/** Resolves with false when the path exists. A worker of node:cluster listens itself (`exclusive`), not by its primary. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen({ path, exclusive: true }, () => {
      // A connection that is not accepted, as without a free descriptor, ends no application.
      server.on('error', () => {})
      resolve(true)
    })
    server.unref()
  })
}

/** `undefined` when no process listens there. Tries again while a process that does has too many connections waiting. */
async function tryConnect(path: string): Promise<Socket | undefined> {
  for (;;) {
    const socket = connect(path)
    try {
      await once(socket, 'connect')
      return socket
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ECONNREFUSED' || code === 'ENOENT') return undefined
      await sleep(againMs)
    }
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Another process has removed it.
  }
}
