// Rules beside nginx with the same rules: both answer generated requests, and the answers are the same. Paths that servers
// read differently are left out: Topspin answers them with 400, by design.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type RequestListener, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePorts } from '../support/free-ports.ts'
import { get, startNode } from '../support/node-server.ts'
import { startRules } from '../support/rules-fixture.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { until } from '../support/until.ts'

const requests = 200

const noNginx =
  spawnSync('nginx', ['-v']).status === 0
    ? false
    : 'nginx is not installed: apt-get install nginx-light'

const rules = (a: number, b: number): string => `to:
  - { address: "127.0.0.1:${a}", balancer: a }
  - { address: "127.0.0.1:${b}", balancer: b }
sticky: { insert: off }
routes:
  - { match: { host: "*.wild.test" }, answer: 202 }
  - { match: { path: /healthz, exact: true }, answer: { body: "fine\\n" } }
  - { match: /old, redirect: { path: /new, status: 301 } }
  - { match: /moved, redirect: { https: true, host: shop.test, status: 302 } }
  - { match: { path: /method, method: POST }, answer: 409 }
  - { match: { path: /header, header: { X-Beta: "1" } }, answer: 206 }
  - { match: { path: /query, query: { v: "1" } }, answer: 203 }
  - match: /api
    balancer: b
    stripPrefix: true
    requestHeaders: { set: { X-Real: "{client}", X-Host: "{host}" }, remove: [Authorization] }
    responseHeaders: { set: { X-Frame-Options: DENY }, remove: [X-Powered-By] }
  - { match: /add, addPrefix: /app, balancer: a }
  - { match: /host, setHost: app.internal, balancer: a }
  - { match: /deny, deny: 127.0.0.0/8 }
  - { match: /allow, allow: [127.0.0.1, 10.0.0.0/8], balancer: a }
  - { match: /auth, auth: htpasswd, balancer: a }
  - { match: /small, maxBody: 1k, balancer: a }
  - { match: /rate, rateLimit: { rate: 1/h, burst: 7 }, balancer: a }
  - { match: /slow, timeouts: { responseHead: 100ms }, balancer: a }
  - balancer: a
`

const configuration = (folder: string, port: number, a: number, b: number): string => `
daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http {
  access_log off; default_type text/plain; server_tokens off; absolute_redirect off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  limit_req_zone $binary_remote_addr zone=rate:1m rate=1r/m; limit_req_status 429;
  proxy_http_version 1.1; proxy_set_header Host $http_host; client_max_body_size 0;
  server { listen 127.0.0.1:${port}; server_name *.wild.test; location / { return 202; } }
  server {
    listen 127.0.0.1:${port} default_server;
    location = /healthz { return 200 "fine\\n"; }
    location ~ ^/old(?=/|$) { rewrite ^/old(.*)$ http://$http_host/new$1 permanent; }
    location ~ ^/moved(?=/|$) { return 302 https://shop.test$request_uri; }
    location ~ ^/method(?=/|$) { if ($request_method = POST) { return 409; } proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/header(?=/|$) { if ($http_x_beta = "1") { return 206; } proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/query(?=/|$) { if ($arg_v = "1") { return 203; } proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/api(?=/|$) {
      rewrite ^/api/?(.*)$ /$1 break; proxy_pass http://127.0.0.1:${b};
      proxy_set_header Host $http_host; proxy_set_header X-Real $remote_addr; proxy_set_header X-Host $host;
      proxy_set_header Authorization ""; add_header X-Frame-Options DENY always; proxy_hide_header X-Powered-By;
      proxy_redirect / /api/; proxy_cookie_path / /api/;
    }
    location ~ ^/add(?=/|$) {
      rewrite ^(.*)$ /app$1 break; proxy_pass http://127.0.0.1:${a};
      proxy_redirect /app/ /; proxy_cookie_path /app/ /;
    }
    location ~ ^/host(?=/|$) { proxy_set_header Host app.internal; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/deny(?=/|$) { deny 127.0.0.0/8; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/allow(?=/|$) { allow 127.0.0.1; allow 10.0.0.0/8; deny all; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/auth(?=/|$) { auth_basic Restricted; auth_basic_user_file ${folder}/htpasswd; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/small(?=/|$) { client_max_body_size 1k; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/rate(?=/|$) { limit_req zone=rate burst=6 nodelay; proxy_pass http://127.0.0.1:${a}; }
    location ~ ^/slow(?=/|$) { proxy_read_timeout 100ms; proxy_pass http://127.0.0.1:${a}; }
    location / { proxy_pass http://127.0.0.1:${a}; }
  }
}
`

/** Answers with what it was sent; never to a path that begins with /slow. */
const answers =
  (name: string): RequestListener =>
  (incoming, response) => {
    const { method, url = '', headers } = incoming
    let length = 0
    incoming.on('data', (piece: Buffer) => {
      length += piece.length
    })
    incoming.on('end', () => {
      if (url.startsWith('/slow')) return
      const { host, authorization } = headers
      const seen = { name, method, url, length, host, authorization, real: headers['x-real'] }
      response.setHeader('X-Powered-By', name).setHeader('Set-Cookie', 'a=b; Path=/app/c; HttpOnly')
      if (url.includes('move')) response.setHeader('Location', '/app/login?x=1').writeHead(302)
      response.end(JSON.stringify({ ...seen, asked: headers['x-host'] }))
    })
  }

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function generated(random: () => number): Asked {
  const one = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item
  const firsts =
    'old moved method header query api add host deny allow auth small small small rate other'.split(
      ' ',
    )
  const first = random() < 0.1 ? 'healthz' : random() < 0.02 ? 'slow' : one(firsts)
  const path = `/${first}${one(['', '', '/', '/x', 's', '/a/b.html', '/move'])}`
  const headers: Record<string, string> = {
    host: one(['a.test', 'A.TEST:81', 'b.wild.test', 'c.test']),
  }
  if (random() < 0.5) headers['x-beta'] = one(['1', '2'])
  const password = one(['right', 'right', 'wrong'])
  if (random() < 0.7)
    headers['authorization'] = `Basic ${Buffer.from(`bob:${password}`).toString('base64')}`
  const method = one(['GET', 'GET', 'HEAD', 'POST', 'PUT'])
  const hasBody = method === 'POST' || method === 'PUT'
  return {
    method,
    path: path + one(['', '', '?v=1', '?v=2&w', '?w=1&v=1']),
    headers,
    body: hasBody ? 'x'.repeat(one([0, 10, 1_024, 1_025, 5_000])) : '',
  }
}

/** What both must have in common. */
function answerOf(port: number, { method, path, headers, body }: Asked): Promise<object> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: { ...headers, 'content-length': body.length },
        agent: false,
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece
        })
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers: got } = response
          // Texts of errors and of redirects differ.
          const isNodes = text.startsWith('{') || path === '/healthz'
          resolve({
            status,
            body: isNodes ? text : '',
            location: got.location,
            cookie: got['set-cookie'],
            frame: got['x-frame-options'],
            powered: got['x-powered-by'],
            challenge: got['www-authenticate']?.replace(/, charset.*/, ''),
          })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

test(`${requests} generated requests get the answers of nginx`, { skip: noNginx }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-nginx-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const hash = spawnSync('openssl', ['passwd', '-apr1', 'right']).stdout.toString().trim()
  writeFileSync(join(folder, 'htpasswd'), `bob:${hash}\n`, { mode: 0o644 })
  const [{ port: a }, { port: b }] = await Promise.all([
    startNode(t, answers('a')),
    startNode(t, answers('b')),
  ])
  const { port } = await startRules(t, rules(a, b), join(folder, 'topspin.yaml'))
  const [other = 0] = await freePorts(1)
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, other, a, b))
  const user = process.getuid?.() === 0 ? ['-g', 'user root;'] : []
  const nginx = spawn('nginx', ['-c', file, '-e', join(folder, 'error.log'), ...user])
  let printed = ''
  nginx.stderr.on('data', (piece) => {
    printed += piece
  })
  t.after(() => nginx.kill())
  await until('nginx answers', async () => {
    assert.equal(nginx.exitCode, null, printed)
    return get(other, '/healthz').then(
      ({ status }) => status === 200,
      () => false,
    )
  })
  const random = seededRandom(18)
  const statuses = new Map<number, number>()
  for (let i = 0; i < requests; i++) {
    const asked = generated(random)
    const [ours, theirs] = await Promise.all([answerOf(port, asked), answerOf(other, asked)])
    assert.deepEqual(
      ours,
      theirs,
      `request ${i}: ${JSON.stringify({ ...asked, body: asked.body.length })}`,
    )
    const { status } = ours as { status: number }
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  // So that no kind of rule is left out.
  for (const status of [200, 202, 203, 206, 301, 302, 401, 403, 409, 413, 429, 504])
    assert.ok(statuses.has(status), `no request got ${status}: ${JSON.stringify([...statuses])}`)
})
