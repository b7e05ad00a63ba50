// One line of JSON for each request, gathered into large writes as Topspin and nginx do it.
import { openSync, write, writeSync } from 'node:fs'

const gatherBytes = 16_384
const flushEveryMs = 1_000

export function accessLog(file) {
  const out = openSync(file, 'a')
  let lines = ''
  const flush = () => {
    if (lines === '') return
    const text = lines
    lines = ''
    write(out, text, (error) => {
      if (error) throw error
    })
  }
  setInterval(flush, flushEveryMs).unref()
  process.on('SIGTERM', () => {
    writeSync(out, lines)
    process.exit()
  })
  return (entry) => {
    lines += `${JSON.stringify(entry)}\n`
    if (lines.length >= gatherBytes) flush()
  }
}
