// The sockets that systemd has passed, as handles with their addresses. Used by cli/serve.ts.

import { fstatSync, readFileSync } from 'node:fs'
import type { HostPort } from '../../base/host-port.ts'
import type { Logger } from '../../base/log.ts'
import { unixAddress } from '../../base/unix-address.ts'
import { addressOfHandle, handleOfDescriptor } from '../../node-internals/listen-handle.ts'
import type { InheritedSocket } from '../inherited-sockets.ts'
import { readActivation } from './activation.ts'

/** The variables are removed, because child processes do not have the sockets. */
export function passedSockets(environment: NodeJS.ProcessEnv, log: Logger): InheritedSocket[] {
  const activation = readActivation(environment, process.pid)
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']) delete environment[name]
  if (!activation.ok) {
    log.warn({ reason: activation.problem }, 'sockets of systemd not used')
    return []
  }
  return activation.descriptors.flatMap(({ fd, name }) => {
    try {
      const handle = handleOfDescriptor(fd)
      return [{ name, fd, handle, address: addressOfHandle(handle) ?? unixAddressOf(fd) }]
    } catch (error) {
      log.warn({ fd, name, reason: (error as Error).message }, 'socket of systemd not used')
      return []
    }
  })
}

/** By the system's table of unix sockets, whose last two columns are the inode and the path. */
function unixAddressOf(fd: number): HostPort {
  const line = new RegExp(` ${fstatSync(fd).ino} (\\S+)$`, 'm')
  const [, path = ''] = line.exec(readFileSync('/proc/self/net/unix', 'latin1')) ?? []
  return { host: unixAddress(path), port: 0 }
}
