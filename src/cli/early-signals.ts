// Keeps the signals that arrive while a long-running command is loaded, until the command handles them: their default is
// to end the process at once, and as process 1 of a container it is to be lost. The first module of bin/topspin.js.

import { closeDebuggerOfBoot } from '../host/debugger-of-boot.ts'
import { signalsDuringBoot } from '../node-internals/signals-during-boot.ts'

const commands = ['serve', 'agent', 'announce', 'peer', 'demo']

/** Kept until a listener for the signal is added, which then gets it. */
function keep(signal: NodeJS.Signals, arrivedBefore = false): void {
  let hasArrived = arrivedBefore
  const arrived = (): void => {
    hasArrived = true
  }
  const handOver = (event: string | symbol): void => {
    if (event !== signal) return
    process.off('newListener', handOver)
    setImmediate(() => {
      process.off(signal, arrived)
      if (hasArrived) process.emit(signal, signal)
    })
  }
  process.on(signal, arrived)
  process.on('newListener', handOver)
}

const [, , command = ''] = process.argv
if (commands.includes(command)) {
  const before = signalsDuringBoot()
  keep('SIGTERM', before.includes('SIGTERM'))
  keep('SIGINT', before.includes('SIGINT'))
  keep('SIGQUIT')
  // By default SIGUSR1 opens the debugger of Node.js.
  process.on('SIGUSR1', () => {})
  closeDebuggerOfBoot()
  // By default SIGUSR2 ends the process; other programs reopen logs or restart at it.
  process.on('SIGUSR2', () => {})
}
if (command === 'serve') keep('SIGHUP')
