import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPainter, type DemoView, renderLine } from '../../../../src/cli/demo/screen.ts'

const view: DemoView = {
  trafficUrl: 'http://127.0.0.1:8000/',
  controlUrl: 'http://127.0.0.1:6666/',
  consoleUrl: 'http://127.0.0.1:41234/',
  nodes: [
    {
      route: 'a',
      state: 'up',
      contexts: '/ ENABLED',
      loadFactor: 80,
      tally: { requests: 12, share: 0.6, p50: 1.23, p99: 9 },
    },
    {
      route: 'c',
      state: 'starting',
      contexts: '',
      loadFactor: undefined,
      tally: { requests: 8, share: 0.4, p50: undefined, p99: undefined },
    },
  ],
  requests: 20,
  failed: 0,
  lastFailure: undefined,
  redeploys: 3,
  doing: 'starting c',
}

test('the log line holds all numbers', () => {
  assert.equal(
    renderLine(view),
    'requests=20 failed=0 redeploys=3 a=up,load:80,share:60%,p50:1.2 ms,p99:9.0 ms c=starting,load:-,share:40%,p50:-,p99:-',
  )
})

test('a frame fits the terminal and replaces the previous one', () => {
  const terminal = fakeOutput({ isTTY: true, columns: 40, rows: 12 })
  const painter = createPainter(terminal.output, 0, () => 0)
  terminal.written.length = 0
  painter.paint(view)
  painter.paint(view)
  const [first = '', second = ''] = terminal.written
  const lines = first.split('\n')
  assert.equal(lines.length - 1, 11)
  const visible = lines.map((line) => line.replaceAll(/\x1b\[[0-9;?]*[a-zA-Z]|\r/g, ''))
  for (const line of visible) assert.ok(line.length <= 40, line)
  assert.ok(second.startsWith('\x1b[11A'), 'the cursor goes up by the lines painted')
})

test('without a terminal a line is printed periodically', () => {
  let now = 0
  const log = fakeOutput({ isTTY: false, columns: 80, rows: 24 })
  const painter = createPainter(log.output, 5_000, () => now)
  for (; now < 11_000; now += 1_000) painter.paint(view)
  assert.equal(log.written.filter((line) => line.startsWith('requests=')).length, 3)
  assert.equal(
    log.written[0],
    'traffic http://127.0.0.1:8000/ control http://127.0.0.1:6666/\nconsole http://127.0.0.1:41234/console/\n',
  )
})

function fakeOutput(shape: { isTTY: boolean; columns: number; rows: number }): {
  output: NodeJS.WriteStream
  written: string[]
} {
  const written: string[] = []
  const output = {
    ...shape,
    on: () => {},
    off: () => {},
    write: (text: string) => written.push(text),
  }
  return { output: output as unknown as NodeJS.WriteStream, written }
}
