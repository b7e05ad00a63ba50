import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { listenAt } from '../../../src/net/listen-at.ts'
import { SocketFiles } from '../../../src/net/socket-file.ts'
import { leaveStaleSocket } from '../../support/stale-socket.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function server(t: TestContext): Server {
  const made = createServer((socket) => socket.on('error', () => {}).end('here'))
  t.after(() => made.close())
  return made
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

async function answerAt(path: string): Promise<string> {
  const socket = connect({ path })
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString()
}

test('the file of a socket gets its mode, and nothing else is left in the folder', async (t) => {
  const at = folder(t)
  const path = join(at, 'a.sock')
  const bound = await listenAt(server(t), { host: `unix:${path}`, port: 0, mode: 0o620 })
  assert.deepEqual(bound, { host: `unix:${path}`, port: 0 })
  assert.equal(modeOf(path), '620')
  assert.deepEqual(readdirSync(at), ['a.sock'])
  assert.equal(await answerAt(path), 'here')
})

test('without a mode the umask of the process decides, and stays as it is', async (t) => {
  const path = join(folder(t), 'a.sock')
  const before = process.umask(0o007)
  try {
    await listenAt(server(t), { host: `unix:${path}`, port: 0 })
    assert.equal(modeOf(path), '660')
    assert.equal(process.umask(), 0o007)
  } finally {
    process.umask(before)
  }
})

test('a file that is left from a process that was killed is replaced', async (t) => {
  const path = join(folder(t), 'a.sock')
  await leaveStaleSocket(path)
  await listenAt(server(t), { host: `unix:${path}`, port: 0 })
  assert.equal(await answerAt(path), 'here')
})

test('a socket on which somebody listens is left alone', async (t) => {
  const at = folder(t)
  const path = join(at, 'a.sock')
  await listenAt(server(t), { host: `unix:${path}`, port: 0 })
  const second = listenAt(server(t), { host: `unix:${path}`, port: 0 })
  await assert.rejects(second, { code: 'EADDRINUSE', address: path })
  assert.equal(await answerAt(path), 'here')
  assert.deepEqual(readdirSync(at), ['a.sock'])
})

test('a file that is no socket is left alone', async (t) => {
  const path = join(folder(t), 'a.sock')
  writeFileSync(path, 'mine')
  await assert.rejects(listenAt(server(t), { host: `unix:${path}`, port: 0 }), { code: 'EEXIST' })
  assert.ok(lstatSync(path).isFile())
})

test('a folder that is missing is an error', async (t) => {
  const path = join(folder(t), 'none', 'a.sock')
  const listening = listenAt(server(t), { host: `unix:${path}`, port: 0 })
  await assert.rejects(listening, { code: 'ENOENT', address: path })
})

test('a user or group that the system does not have is an error, and leaves no file', async (t) => {
  const at = folder(t)
  const address = { host: `unix:${join(at, 'a.sock')}`, port: 0, group: 'no-such-group' }
  await assert.rejects(listenAt(server(t), address), /no-such-group is not in \/etc\/group/)
  assert.deepEqual(readdirSync(at), [])
})

test('the group of a socket is given by name or number', async (t) => {
  const path = join(folder(t), 'a.sock')
  const group = String(process.getgid?.())
  await listenAt(server(t), { host: `unix:${path}`, port: 0, group })
  assert.equal(String(lstatSync(path).gid), group)
})

test('the files of this process are removed at the end, and those of others are not', async (t) => {
  const at = folder(t)
  const [own, others] = [join(at, 'a.sock'), join(at, 'b.sock')]
  const files = new SocketFiles()
  for (const path of [own, others]) {
    await listenAt(server(t), { host: `unix:${path}`, port: 0 })
    files.add(path)
  }
  await leaveStaleSocket(`${others}.new`)
  rmSync(others)
  await leaveStaleSocket(others)
  files.removeAll()
  assert.equal(existsSync(own), false)
  assert.equal(existsSync(others), true)
})

test('files that were left to another process stay', async (t) => {
  const path = join(folder(t), 'a.sock')
  const files = new SocketFiles()
  await listenAt(server(t), { host: `unix:${path}`, port: 0 })
  files.add(path)
  files.leaveAll()
  files.removeAll()
  assert.equal(existsSync(path), true)
})

const isRoot = process.getuid?.() === 0

test('a socket that this process may not connect to counts as one of another user', {
  skip: isRoot ? 'root may connect to every socket' : false,
}, async (t) => {
  const path = join(folder(t), 'a.sock')
  await listenAt(server(t), { host: `unix:${path}`, port: 0 })
  chmodSync(path, 0)
  await assert.rejects(listenAt(server(t), { host: `unix:${path}`, port: 0 }), { code: 'EACCES' })
})
