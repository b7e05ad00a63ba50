// The end of a process while a thread of it waits for a disk that hangs.

import { logOutputLimits } from '../base/limits.ts'
import { waitUntil } from '../base/wait.ts'

/**
 * Ends this process by SIGKILL when an operation on a file does not end: Node.js does not exit before all of its threads
 * have ended. Resolves when there is none.
 */
export async function killIfStuck(): Promise<void> {
  if (await waitUntil(() => !isFileBusy(), { withinMs: logOutputLimits.closeMs })) return
  process.kill(process.pid, 'SIGKILL')
}

const isFileBusy = (): boolean =>
  process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'))
