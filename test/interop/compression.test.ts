// Compression beside that of nginx and of Caddy: generated requests get the same coding and, decoded, the same body.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { freePorts } from '../support/free-ports.ts'
import { get, startNode } from '../support/node-server.ts'
import { startRules } from '../support/rules-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

const requests = 200
const caddy = 'caddy'

const missing = (program: string, flag: string): false | string =>
  spawnSync(program, [flag]).status === 0 ? false : `${program} is not installed`

const types = ['text/html', 'text/css', 'application/json', 'image/svg+xml', 'image/png']
const compressible = types.slice(0, -1)

const rules = (node: number): string => `to: ["127.0.0.1:${node}"]
sticky: { insert: off }
routes: [{ compress: { types: [${compressible.join(', ')}], encodings: gzip, minSize: 1024 } }]
`

const ofNginx = (folder: string, port: number, node: number): string => `
daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http {
  access_log off; client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  gzip on; gzip_min_length 1024; gzip_vary on; gzip_proxied any; gzip_types ${compressible.slice(1).join(' ')};
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${node}; proxy_http_version 1.1; } }
}
`

/** Caddy compresses bodies that are longer than its least length. */
const ofCaddy = (port: number, node: number): string => `{
  admin off
  auto_https off
  servers {
    protocols h1
  }
}
http://127.0.0.1:${port} {
  encode {
    gzip
    minimum_length 1023
    match {
${compressible.map((type) => `      header Content-Type ${type}*`).join('\n')}
    }
  }
  reverse_proxy 127.0.0.1:${node}
}
`

/** Answers as the query says. */
const answer: RequestListener = (asked, response) => {
  const query = new URLSearchParams(asked.url?.split('?')[1])
  const body = 'Some text that repeats itself. '.repeat(400).slice(0, Number(query.get('size')))
  const isCoded = query.get('coded') === '1'
  response.statusCode = Number(query.get('status'))
  response.setHeader('Content-Type', query.get('type') ?? '')
  if (query.get('etag') !== '') response.setHeader('ETag', query.get('etag') ?? '')
  if (query.get('vary') !== '') response.setHeader('Vary', query.get('vary') ?? '')
  if (isCoded) response.setHeader('Content-Encoding', 'gzip')
  const bytes = isCoded ? gzipSync(body) : Buffer.from(body)
  if (query.get('chunked') !== '1') response.setHeader('Content-Length', bytes.length)
  else if (asked.method !== 'HEAD') response.write(bytes.subarray(0, 1))
  response.end(query.get('chunked') !== '1' ? bytes : bytes.subarray(1))
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly accepts: string | undefined
  readonly size: number
}

/** @param chunkedShare of the responses, 0..1. */
function generated(random: () => number, chunkedShare: number): Asked {
  const one = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item
  const size = one([1, 1_023, 1_024, 5_000, 12_000])
  const accepts = one([
    undefined,
    'gzip',
    'gzip, deflate, br, zstd',
    'br',
    'gzip;q=0',
    'deflate, gzip;q=0.5',
    'gzip;q=1.0',
    'gzip; q=0.000',
    'identity',
  ])
  const query = new URLSearchParams({
    size: String(size),
    status: one(['200', '200', '404', '403']),
    type: one(types) + one(['', '; charset=utf-8']),
    etag: one(['', '"a"', 'W/"a"']),
    vary: one(['', 'Origin']),
    // Caddy asks for gzip itself where the client does not, and decodes that.
    coded: accepts !== undefined && random() < 0.1 ? '1' : '0',
    chunked: random() < chunkedShare ? '1' : '0',
  })
  return { method: one(['GET', 'GET', 'GET', 'HEAD']), path: `/?${query}`, accepts, size }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

function answerOf(port: number, { method, path, accepts }: Asked): Promise<Answer> {
  const headers = accepts === undefined ? {} : { 'accept-encoding': accepts }
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(pieces),
        }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** What is the same whoever compresses. */
function comparable({ method, size }: Asked, { status, headers, body }: Answer): object {
  const coding = method === 'HEAD' ? undefined : headers['content-encoding']
  const plain = coding === 'gzip' ? gunzipSync(body) : body
  if (method !== 'HEAD') assert.equal(plain.length, size)
  return { status, coding, type: headers['content-type'] }
}

const namesOf = (vary: string | undefined): readonly string[] =>
  (vary ?? '').toLowerCase().split(/, */).toSorted()

interface Other {
  readonly port: number
  readonly ours: number
}

/** @param start of the other program, for its port, that of the node and a folder. */
async function bothFor(
  t: TestContext,
  start: (port: number, node: number, folder: string) => ChildProcess,
): Promise<Other> {
  const folder = mkdtempSync(join(tmpdir(), 'compression-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { port: node } = await startNode(t, answer)
  const { port: ours } = await startRules(t, rules(node))
  const [port = 0] = await freePorts(1)
  const program = start(port, node, folder)
  let printed = ''
  program.stderr?.on('data', (piece) => {
    printed += piece
  })
  t.after(() => program.kill())
  await until('the other program answers', async () => {
    assert.equal(program.exitCode, null, printed)
    return get(port, '/?size=1&status=200&type=a/b').then(
      ({ status }) => status === 200,
      () => false,
    )
  })
  return { port, ours }
}

async function compare(
  { port, ours }: Other,
  seed: number,
  chunkedShare: number,
  more: (ours: Answer, theirs: Answer, asked: Asked) => void,
): Promise<void> {
  const random = seededRandom(seed)
  let compressed = 0
  for (let i = 0; i < requests; i++) {
    const asked = generated(random, chunkedShare)
    const [our, their] = await Promise.all([answerOf(ours, asked), answerOf(port, asked)])
    const what = `request ${i}: ${JSON.stringify(asked)}`
    assert.deepEqual(comparable(asked, our), comparable(asked, their), what)
    more(our, their, asked)
    if (our.headers['transfer-encoding'] === 'chunked' && our.body.length < asked.size) compressed++
  }
  assert.ok(compressed > 20, `${compressed} were compressed`)
}

test(`${requests} generated requests get the codings of nginx`, {
  skip: missing('nginx', '-v'),
}, async (t) => {
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : []
  const both = await bothFor(t, (port, node, folder) => {
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, ofNginx(folder, port, node))
    return spawn('nginx', ['-c', file, '-e', join(folder, 'error.log'), ...user])
  })
  await compare(both, 18, 0.4, (ours, theirs, asked) => {
    const what = JSON.stringify(asked)
    assert.equal(ours.headers.etag, theirs.headers.etag, what)
    assert.deepEqual(namesOf(ours.headers.vary), namesOf(theirs.headers.vary), what)
    assert.equal(ours.headers['content-length'], theirs.headers['content-length'], what)
  })
})

test(`${requests} generated requests get the codings of Caddy`, {
  skip: missing(caddy, 'version'),
}, async (t) => {
  const both = await bothFor(t, (port, node, folder) => {
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, ofCaddy(port, node))
    return spawn(caddy, ['run', '--config', file, '--adapter', 'caddyfile'], {
      env: { ...process.env, HOME: folder },
    })
  })
  // Caddy judges a body of unknown length by the piece that comes first.
  await compare(both, 19, 0, () => {})
})
