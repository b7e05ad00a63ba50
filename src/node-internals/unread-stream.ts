// Restores the initial state of a stream that was read and paused, so that its next reader starts it by listening. Used
// by peers for the body of a request whose hand-over failed.
//
// Relies on Node.js forgetting an explicit pause when the last `readable` listener goes and there is no other reader.

import { Readable } from 'node:stream'

/** Its own listeners must have been taken off before. */
export function markUnread(stream: Readable): void {
  stream.on('readable', ignore)
  stream.off('readable', ignore)
}

const ignore = (): void => {}

export async function probeUnreadStream(): Promise<boolean> {
  const stream = new Readable({ read() {} })
  stream.on('data', ignore)
  stream.pause()
  stream.off('data', ignore)
  const wasPaused = stream.readableFlowing === false
  markUnread(stream)
  await new Promise(setImmediate)
  return wasPaused && stream.readableFlowing === null
}
