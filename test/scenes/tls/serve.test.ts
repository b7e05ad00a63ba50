// `topspin serve` with TLS: the addresses it says, its workers, certificates that are renewed while it runs,
// and nodes that register over TLS with certificates of their own.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, get as httpsGet } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { joinCluster } from '../../../src/agent/index.ts'
import { Authority, noOpenssl, type Pair, selfSigned } from '../../support/certificates.ts'
import { built, startChild } from '../../support/child.ts'
import { startOrigin } from '../../support/misbehaving-origin.ts'
import { program, startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

describe('topspin serve with TLS', { skip: noOpenssl }, () => {
  const authority = noOpenssl === false ? new Authority() : (undefined as never)
  const own = noOpenssl === false ? authority.issue() : (undefined as unknown as Pair)
  const mine = noOpenssl === false ? authority.issue({ names: ['node.test'] }) : own
  const ca = noOpenssl === false ? authority.cert : ''

  function folder(t: TestContext): string {
    const made = mkdtempSync(join(tmpdir(), 'topspin-tls-'))
    t.after(() => rmSync(made, { recursive: true, force: true }))
    return made
  }

  /** A configuration file; JSON is YAML. */
  function configured(t: TestContext, config: object): string {
    const file = join(folder(t), 'topspin.yaml')
    writeFileSync(file, JSON.stringify(config))
    return file
  }

  async function started(t: TestContext, config: object, listen = 'https://127.0.0.1:0') {
    const serve = await startServe(
      ['--config', configured(t, config)],
      {},
      { listen, deadlineMs: 60_000 },
    )
    t.after(() => serve.child.kill('SIGKILL'))
    return serve
  }

  test('warns of certificates that clients may refuse by their dates', async (t) => {
    const old = authority.issue({ days: -1 })
    const pair = { cert: old.certFile, key: old.keyFile }
    const serve = await started(t, { tls: pair, control: { tls: pair }, workers: 0 })
    await serve.sees(/"key":"tls\.cert","reason":"has expired: [^"]+","msg":"clients may refuse/)
    await serve.sees(/"key":"control\.tls\.cert","reason":"has expired: /)
  })

  const fetchText = (url: string, agent: Agent): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = httpsGet(url, { agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('error', reject)
        response.on('end', () => resolve(text))
      })
      outgoing.on('error', reject)
    })

  const certificateAt = async (port: number): Promise<string> => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return String(CN)
  }

  for (const workers of [0, 2]) {
    test(`renews its certificate on SIGHUP and keeps its connections, with ${workers} workers`, async (t) => {
      const files = folder(t)
      const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
      const put = (pair: Pair): void => {
        copyFileSync(pair.certFile, cert)
        copyFileSync(pair.keyFile, key)
      }
      put(own)
      const origin = await startOrigin(t)
      const config = { workers, to: `127.0.0.1:${origin.port}`, tls: { cert, key } }
      const serve = await started(t, config)
      assert.match(serve.traffic, /^https:\/\/127\.0\.0\.1:\d+\/$/)
      const port = Number(new URL(serve.traffic).port)
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
      t.after(() => agent.destroy())
      assert.equal(await fetchText(`${serve.traffic}echo`, agent), '/echo')
      assert.equal(origin.seen[0]?.get('x-forwarded-proto'), 'https')

      put(authority.issue({ subject: 'renewed' }))
      serve.child.kill('SIGHUP')
      await until('the new one is shown', async () => (await certificateAt(port)) === 'renewed')

      // A key of another certificate: told, and nothing changes.
      copyFileSync(own.keyFile, key)
      serve.child.kill('SIGHUP')
      await serve.sees(/configuration not reloaded: it has problems/)
      await serve.sees(/tls\.key: .*a\.key: not a key for the certificate/)
      for (let i = 0; i < 4; i++) assert.equal(await certificateAt(port), 'renewed')

      assert.equal(await fetchText(`${serve.traffic}echo`, agent), '/echo')
      const name = agent.getName?.({ host: '127.0.0.1', port })
      assert.equal(Object.values(agent.freeSockets).flat().length, 1, String(name))
    })
  }

  test('reloads again and again under load without a failed request', async (t) => {
    const origin = await startOrigin(t)
    const files = folder(t)
    const [cert, key] = [join(files, 'a.crt'), join(files, 'a.key')]
    const pairs = [own, authority.issue()]
    const put = ({ certFile, keyFile }: Pair): void => {
      copyFileSync(certFile, cert)
      copyFileSync(keyFile, key)
    }
    put(own)
    const serve = await started(t, {
      workers: 2,
      to: `127.0.0.1:${origin.port}`,
      tls: { cert, key },
    })
    let goesOn = true
    let kept = 0
    let fresh = 0
    const ask = async (agent: Agent, count: () => void): Promise<void> => {
      while (goesOn) {
        assert.equal(await fetchText(`${serve.traffic}echo`, agent), '/echo')
        count()
      }
      agent.destroy()
    }
    const asking = Promise.all([
      ...Array.from({ length: 4 }, () =>
        ask(new Agent({ keepAlive: true, maxSockets: 1, ca }), () => kept++),
      ),
      ask(new Agent({ keepAlive: false, ca }), () => fresh++),
    ])
    // A failure shows at the end of the test.
    asking.catch(() => {})
    for (let i = 1; i <= 10; i++) {
      put(pairs[i % 2] ?? own)
      serve.child.kill('SIGHUP')
      const before = [kept, fresh]
      await until(
        'both kinds have been answered',
        () => kept > before[0]! + 3 && fresh > before[1]! + 3,
      )
      const reloads = (): number => serve.printed.stdout.split('configuration reloaded').length - 1
      await until('it has reloaded', () => reloads() >= i)
    }
    goesOn = false
    await asking
    t.diagnostic(`${kept} requests on kept connections, ${fresh} on new ones`)
  })

  test('workers resume the sessions of each other, and a worker that starts late has the new certificate', async (t) => {
    const origin = await startOrigin(t)
    const config = {
      workers: 2,
      to: `127.0.0.1:${origin.port}`,
      tls: { cert: own.certFile, key: own.keyFile },
    }
    const serve = await started(t, config)
    const port = Number(new URL(serve.traffic).port)
    const first = tls.connect({ port, host: '127.0.0.1', ca })
    const [session] = (await once(first, 'session')) as [Buffer]
    first.destroy()
    for (let i = 0; i < 12; i++) {
      const next = tls.connect({ port, host: '127.0.0.1', ca, session })
      await once(next, 'secureConnect')
      assert.equal(next.isSessionReused(), true)
      next.destroy()
    }
    const report = async (): Promise<{ workers: { pid: number; restarts: number }[] }> =>
      (await (await fetch(`${serve.control}api/status`)).json()) as never
    const [worker] = (await report()).workers
    process.kill(worker?.pid ?? 0, 'SIGKILL')
    await until('another one has taken its place', async () => {
      const { workers } = await report()
      return workers.every(({ pid }) => pid !== null && pid !== worker?.pid)
    })
    for (let i = 0; i < 6; i++) assert.equal(await certificateAt(port), 'localhost')
  })

  const newSession = async (port: number): Promise<Buffer> => {
    const socket = tls.connect({ port, host: '127.0.0.1', ca })
    const [session] = (await once(socket, 'session')) as [Buffer]
    socket.destroy()
    return session
  }

  /** How many of some connections, which go to any worker, have resumed the session. */
  const resumed = async (port: number, session: Buffer): Promise<number> => {
    let count = 0
    for (let i = 0; i < 6; i++) {
      const socket = tls.connect({ port, host: '127.0.0.1', ca, session })
      await once(socket, 'secureConnect')
      if (socket.isSessionReused()) count++
      socket.destroy()
    }
    return count
  }

  test('resumes sessions after a restart with the file of its ticket key, until that is written anew', async (t) => {
    const origin = await startOrigin(t)
    const ticketKeyFile = join(folder(t), 'ticket.key')
    writeFileSync(ticketKeyFile, randomBytes(48))
    const pair = { cert: own.certFile, key: own.keyFile }
    const config = { workers: 2, to: `127.0.0.1:${origin.port}`, tls: { ...pair, ticketKeyFile } }
    const first = await started(t, config)
    const session = await newSession(Number(new URL(first.traffic).port))
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    const second = await started(t, config)
    const port = Number(new URL(second.traffic).port)
    assert.equal(await resumed(port, session), 6)

    writeFileSync(ticketKeyFile, randomBytes(48))
    second.child.kill('SIGHUP')
    await until('the key is another one', async () => (await resumed(port, session)) === 0)
    assert.equal(await resumed(port, await newSession(port)), 6)
  })

  test('forgets the key of its tickets with each restart when no file has it', async (t) => {
    const origin = await startOrigin(t)
    const pair = { cert: own.certFile, key: own.keyFile }
    const config = { workers: 0, to: `127.0.0.1:${origin.port}`, tls: pair }
    const first = await started(t, config)
    const session = await newSession(Number(new URL(first.traffic).port))
    const second = await started(t, config)
    assert.equal(await resumed(Number(new URL(second.traffic).port), session), 0)
  })

  test('refuses a file of the ticket key that is too short', async (t) => {
    const ticketKeyFile = join(folder(t), 'ticket.key')
    writeFileSync(ticketKeyFile, randomBytes(47))
    const pair = { cert: own.certFile, key: own.keyFile }
    const file = configured(t, { listen: 'https://127.0.0.1:0', tls: { ...pair, ticketKeyFile } })
    const { code, stdout, stderr } = await topspin('check', file)
    assert.equal(code, 78)
    assert.match(
      stdout + stderr,
      /tls\.ticketKeyFile: .*fewer than 48 bytes; write it by `openssl rand/,
    )
  })

  test('forwards to fixed nodes over TLS, named by https://, and reports problems of their certificates', async (t) => {
    const good = await startOrigin(t, own)
    const bad = await startOrigin(t, selfSigned())
    const to = [`https://127.0.0.1:${good.port}`, `https://127.0.0.1:${bad.port}`]
    const config = { workers: 0, to, nodeTls: { ca: authority.certFile } }
    const serve = await started(t, config, '127.0.0.1:0')
    for (let i = 0; i < 6; i++) {
      assert.equal(await (await fetch(`${serve.traffic}echo`)).text(), '/echo')
    }
    await serve.sees(
      /"reason":"its certificate is self-signed: name it in nodeTls\.ca or nodeTls\.pin/,
    )
    assert.equal(bad.seen.length, 0)
    const status = (await (await fetch(`${serve.control}api/status`)).json()) as {
      nodes: { type: string }[]
    }
    assert.deepEqual(
      status.nodes.map(({ type }) => type),
      ['https', 'https'],
    )
  })

  test('accepts nodes over TLS on the control listener with a permitted certificate only', async (t) => {
    const listens = authority.issue()
    const config = {
      workers: 0,
      control: {
        tls: {
          cert: listens.certFile,
          key: listens.keyFile,
          ca: authority.certFile,
          clientAuth: 'require',
        },
      },
      nodeTls: { ca: authority.certFile },
    }
    const serve = await started(t, config, '127.0.0.1:0')
    assert.match(serve.control, /^https:/)
    const proxy = serve.control.replace(/\/$/, '')
    const port = Number(new URL(proxy).port)

    // An application over TLS registers over TLS: https all the way.
    const server = createServer(own, (_request, response) => response.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { cert, key } = mine
    const agent = await joinCluster(server, { proxies: [proxy], tls: { ca, cert, key } })
    t.after(() => agent.close())
    assert.equal(agent.status[0]?.state.kind, 'report')
    await until('it serves', async () => (await (await fetch(serve.traffic)).text()) === 'hello')

    // By name: the certificate carries the name, not the address that it stands for.
    const named = authority.issue({ names: ['localhost'] })
    copyFileSync(named.certFile, listens.certFile)
    copyFileSync(named.keyFile, listens.keyFile)
    serve.child.kill('SIGHUP')
    await serve.sees(/configuration reloaded/)
    const other = createServer(own).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const second = await joinCluster(other, {
      proxies: [`https://localhost:${port}`],
      tls: { ca, cert, key },
      route: 'by-name',
    })
    await until(
      'it is registered',
      () => second.status.some(({ state }) => state.kind === 'report'),
      30_000,
      () => second.status,
    )
    await second.close()
    copyFileSync(own.certFile, listens.certFile)
    copyFileSync(own.keyFile, listens.keyFile)
    serve.child.kill('SIGHUP')
    await until(
      'it is as before',
      () => serve.printed.stdout.split('configuration reloaded').length === 3,
    )

    // Without one: told why, in the words of the proxy.
    const warned: string[] = []
    const say = (detail: object): void => void warned.push(JSON.stringify(detail))
    const nothing = (): void => {}
    const log = { debug: nothing, info: nothing, warn: say, error: say }
    for (const [options, words] of [
      [{ ca }, /a client certificate is required/],
      [{}, /unknown authority|issuer of its certificate is unknown/],
      [{ ca, ...pairOf(selfSigned()) }, /the client certificate is not accepted/],
    ] as const) {
      warned.length = 0
      const third = createServer(own).listen(0, '127.0.0.1')
      await once(third, 'listening')
      const refused = await joinCluster(third, { proxies: [proxy], tls: options, log, route: 'r' })
      await until(
        'it is told',
        () => warned.some((line) => words.test(line)),
        10_000,
        () => warned,
      )
      assert.equal(refused.status[0]?.state.kind, 'discover')
      await refused.close()
    }

    // Plainly: told, and nothing is done.
    const plain = connect(port, '127.0.0.1')
    plain.write('CONFIG / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nJVMRoute=x')
    let text = ''
    plain.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    await once(plain, 'end')
    plain.destroy()
    assert.match(text, /^HTTP\/1\.1 400 /)
    const report = JSON.parse(
      await fetchText(`${proxy}/api/status`, new Agent({ ca, cert, key })),
    ) as { nodes: { route: string }[] }
    const routes = report.nodes.map(({ route }) => route)
    assert.ok(routes.includes(agent.route))
    // The one that has left may still be shown; those that were refused are not.
    assert.deepEqual(
      routes.filter((route) => route !== agent.route && route !== 'by-name'),
      [],
    )

    // The command looks where the agent looks.
    const files = { TOPSPIN_CERT: mine.certFile, TOPSPIN_KEY: mine.keyFile }
    const asked = ['status', '--control', proxy]
    const seen = await startTopspin(asked, { env: { ...files, TOPSPIN_CA: authority.certFile } })
      .ended
    assert.equal(seen.code, 0, seen.stderr)
    assert.match(seen.stdout, new RegExp(agent.route))
    const blind = await startTopspin(asked, { env: files }).ended
    assert.equal(blind.code, 1)
    assert.match(blind.stderr, /name that( authority)? in the file of TOPSPIN_CA/)
  })

  test('accepts a sidecar and an unchanged application whose environment names the files', async (t) => {
    const config = {
      workers: 0,
      control: {
        tls: {
          cert: own.certFile,
          key: own.keyFile,
          ca: authority.certFile,
          clientAuth: 'require',
        },
      },
    }
    const serve = await started(t, config, '127.0.0.1:0')
    const proxy = serve.control.replace(/\/$/, '')
    const files = {
      TOPSPIN_CA: authority.certFile,
      TOPSPIN_CERT: mine.certFile,
      TOPSPIN_KEY: mine.keyFile,
    }
    const auto = built('src/auto.js')
    const script = `require('node:http').createServer((q, r) => r.end('auto')).listen(0, '127.0.0.1')`
    startChild(t, ['--import', auto, '-e', script], {
      ...files,
      TOPSPIN_PROXIES: proxy,
      TOPSPIN_CONTEXTS: '/auto',
    })
    const origin = await startOrigin(t)
    const target = `http://127.0.0.1:${origin.port}`
    const args = ['agent', '--target', target, '--context', '/side', '--proxy', proxy]
    startChild(t, [program, ...args, '--ca', authority.certFile], {
      ...files,
      TOPSPIN_CA: '/nowhere',
    })
    for (const [path, text] of [
      ['auto', 'auto'],
      ['side/echo', '/side/echo'],
    ] as const) {
      await until(`${path} is served`, async () => {
        const response = await fetch(`${serve.traffic}${path}`)
        return (await response.text()) === text
      })
    }
  })

  test('reports all problems of its files before it starts, and so does check', async (t) => {
    const file = configured(t, {
      listen: ['https://127.0.0.1:0'],
      tls: { cert: own.certFile, key: mine.keyFile, clientAuth: 'require' },
      control: { tls: { cert: '/nowhere/a.crt' } },
      nodeTls: { ca: own.keyFile, pin: 'AB:CD' },
    })
    const pin = await topspin('check', file)
    assert.equal(pin.code, 78)
    assert.match(pin.stderr, /"AB:CD" is not a fingerprint/)
    const rest = configured(t, {
      listen: ['https://127.0.0.1:0'],
      tls: { cert: own.certFile, key: mine.keyFile, clientAuth: 'require' },
      control: { tls: { cert: '/nowhere/a.crt' } },
      nodeTls: { ca: own.keyFile },
    })
    for (const command of [
      ['check', rest],
      ['serve', '--config', rest, '--control', '127.0.0.1:0'],
    ]) {
      const { code, stderr } = await topspin(...command)
      assert.equal(code, 78)
      assert.match(stderr, /tls\.ca: is missing: `clientAuth: require` needs it/)
      assert.match(stderr, /tls\.key: .*: not a key for the certificate \(.*MISMATCH\)/)
      assert.match(stderr, /control\.tls\.key: is missing: it belongs to `control\.tls\.cert`/)
      assert.match(stderr, /control\.tls\.cert: cannot be read: ENOENT/)
      assert.match(stderr, /nodeTls\.ca: .*: not a list of certificates/)
    }
    const useless = configured(t, { tls: { cert: own.certFile, key: own.keyFile } })
    assert.match(
      (await topspin('check', useless)).stderr,
      /no address in `listen` begins with https/,
    )
    const missing = configured(t, { listen: 'https://127.0.0.1:0' })
    assert.match((await topspin('check', missing)).stderr, /tls\.cert: is missing/)
  })
})

const pairOf = ({ cert, key }: Pair): { cert: string; key: string } => ({ cert, key })
