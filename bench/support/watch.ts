// Looks at a Topspin as operators do all day: a scrape of the metrics each second, and the stream of an open console.

import { get } from 'node:http'

const everyMs = 1_000

/** @param port of its control listener. @returns ends it. */
export function watch(port: number): () => void {
  const ended = new AbortController()
  const { signal } = ended
  const read = (path: string): void => {
    get({ host: '127.0.0.1', port, path, signal }, (response) => response.resume()).on(
      'error',
      () => {},
    )
  }
  read('/api/v1/events/stream')
  const timer = setInterval(() => read('/metrics'), everyMs)
  return () => {
    clearInterval(timer)
    ended.abort()
  }
}
