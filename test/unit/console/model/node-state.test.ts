import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathsOf } from '../../../../src/console/model/node-state.ts'

test('a path that is the same under several aliases is shown once', () => {
  const enabled = { status: 'ENABLED', inFlight: 0 } as const
  const paths = pathsOf([
    { path: '/shop', alias: 'a.test', ...enabled },
    { path: '/shop', alias: 'b.test', ...enabled, inFlight: 3 },
    {
      path: '/shop',
      alias: 'c.test',
      status: 'STOPPED',
      order: 'STOPPED',
      own: 'ENABLED',
      inFlight: 0,
    },
    { path: '/', alias: 'a.test', ...enabled },
  ])
  assert.deepEqual(
    paths.map(({ path, status, aliases }) => [path, status, aliases]),
    [
      ['/shop', 'ENABLED', ['a.test', 'b.test']],
      ['/shop', 'STOPPED', ['c.test']],
      ['/', 'ENABLED', ['a.test']],
    ],
  )
})
