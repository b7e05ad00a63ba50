import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Rank } from '../../../src/net/rank.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'topspin-rank-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function claim(t: TestContext, path: string, name: string = 'p'): Promise<Rank> {
  const rank = await Rank.claim(path, name, (socket) => socket.end())
  t.after(() => rank.close())
  return rank
}

async function isFirst(rank: Rank): Promise<boolean> {
  const socket = await rank.first()
  socket?.destroy()
  return socket === undefined
}

test('of several processes the earliest is the first, and then the next one', async (t) => {
  const path = folder(t)
  const ranks = [await claim(t, path), await claim(t, path), await claim(t, path)]
  for (const ended of ranks) {
    const firsts = await Promise.all(ranks.map(isFirst))
    assert.deepEqual(
      firsts,
      ranks.map((rank) => rank === ended || ranks.indexOf(rank) < ranks.indexOf(ended)),
    )
    ended.close()
  }
  assert.deepEqual(readdirSync(path), [])
})

test('ports do not see each other', async (t) => {
  const path = folder(t)
  await claim(t, path, '127.0.0.1-3000')
  for (const name of ['127.0.0.1-300', '127.0.0.1-30001', '127', '127.0.0.1-3000.1'])
    assert.ok(await isFirst(await claim(t, path, name)), name)
})

test('exactly one of many that claim at the same time is the first', async (t) => {
  const path = folder(t)
  const ranks = await Promise.all(Array.from({ length: 20 }, () => claim(t, path)))
  const firsts = await Promise.all(ranks.map(isFirst))
  assert.equal(firsts.filter(Boolean).length, 1)
})

test('the socket of a process that has died is removed', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'p.1'), '')
  const rank = await claim(t, path)
  assert.equal(readdirSync(path).length, 2)
  assert.ok(await isFirst(rank))
  assert.equal(readdirSync(path).length, 1)
})

test('a number is above those that a clock ahead of this one has given', async (t) => {
  const path = folder(t)
  const ahead = createServer().listen(join(path, `p.${Date.now() + 1e9}`))
  t.after(() => ahead.close())
  assert.equal(await isFirst(await claim(t, path)), false)
})

test('where the folder has been removed, the process is the first', async (t) => {
  const path = folder(t)
  await claim(t, path)
  const rank = await claim(t, path)
  rmSync(path, { recursive: true })
  assert.ok(await isFirst(rank))
})
