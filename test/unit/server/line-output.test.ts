// Lines for a reader that stands still, a full disk and a file that is replaced.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { logOutputLimits } from '../../../src/base/limits.ts'
import { LineOutput } from '../../../src/server/line-output.ts'
import { fileTarget } from '../../../src/server/write-target.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A named pipe with a reader that reads when `read` is called. */
function namedPipe(name: string): { path: string; read(): string; close(): void } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const bytes = Buffer.alloc(1_048_576)
  return {
    path,
    read() {
      try {
        return bytes.toString('utf8', 0, readSync(fd, bytes))
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
        return ''
      }
    },
    close: () => closeSync(fd),
  }
}

const unexpected = {
  failed: (error: Error) => assert.fail(error),
  dropped: (lines: number) => assert.fail(`${lines} lines dropped`),
}

test('lines for a reader that stands still are kept up to a limit, then dropped and counted', async () => {
  const pipe = namedPipe('still')
  const reports: number[] = []
  const output = new LineOutput(await fileTarget(pipe.path), {
    ...unexpected,
    dropped: (lines) => reports.push(lines),
  })
  const line = (number: number): string => `${number} ${'x'.repeat(1_000)}\n`
  const count = Math.ceil(logOutputLimits.keptMax / 1_000) + 500
  const began = performance.now()
  for (let i = 0; i < count; i += 1) output.write(line(i))
  assert.ok(performance.now() - began < 2_000, 'no write waits')
  assert.ok(output.dropped.total > 100 && output.dropped.total < 1_000, `${output.dropped.total}`)
  assert.deepEqual(reports, [], 'reported when there is room')

  let text = ''
  const kept = count - output.dropped.total
  await until('the kept lines arrive', () => {
    text += pipe.read()
    return text.split('\n').length > kept
  })
  assert.equal(text, Array.from({ length: kept }, (_, i) => line(i)).join(''), 'whole, in order')
  await until('the dropped ones are reported', () => reports.length > 0)
  assert.deepEqual(reports, [output.dropped.total])
  output.write('again\n')
  await until('later lines arrive', () => pipe.read() === 'again\n')
  pipe.close()
})

test('waiting for the last lines ends at a deadline when the reader stands still', async () => {
  const pipe = namedPipe('last')
  // The end of the pipe follows the test.
  const events = { ...unexpected, failed() {} }
  const output = new LineOutput(await fileTarget(pipe.path), events)
  output.write(`${'x'.repeat(200_000)}\n`)
  const began = performance.now()
  await output.flush()
  const tookMs = performance.now() - began
  assert.ok(
    tookMs > 0.9 * logOutputLimits.closeMs && tookMs < 3 * logOutputLimits.closeMs,
    `${tookMs} ms`,
  )
  pipe.close()
})

test('a named pipe without a reader is refused', async () => {
  const pipe = namedPipe('alone')
  pipe.close()
  await assert.rejects(fileTarget(pipe.path), { code: 'ENXIO' })
})

test('a full disk is reported once, and its lines count as dropped beyond the limit', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full here',
}, async () => {
  const failures: (string | undefined)[] = []
  const output = new LineOutput(await fileTarget('/dev/full'), {
    ...unexpected,
    failed: (error) => failures.push((error as NodeJS.ErrnoException).code),
  })
  const block = `${'x'.repeat(99)}\n`.repeat(10_000)
  for (let i = 0; i < 6; i += 1) output.write(block)
  await until('it is reported', () => failures.length > 0)
  assert.equal(output.dropped.total, 10_000)
  const began = performance.now()
  await output.flush()
  assert.ok(performance.now() - began < 500, 'nothing waits for a full disk')
  assert.deepEqual(failures, ['ENOSPC'])
})

test('lines continue in the file that replaces another', async () => {
  const path = join(folder, 'lines.log')
  const output = new LineOutput(await fileTarget(path), unexpected)
  output.write('one\n')
  await output.flush()
  renameSync(path, `${path}.1`)
  output.write('two\n')
  await output.flush()
  output.replace(await fileTarget(path))
  output.write('three\n')
  await output.flush()
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'one\ntwo\n')
  assert.equal(readFileSync(path, 'utf8'), 'three\n')
})
