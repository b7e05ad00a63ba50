// What the stories of pages have behind the proxy: servers that answer with what they were sent, and certificates for the
// files that a configuration names.

import { cpSync, mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { dirname } from 'node:path'
import { Authority, selfSigned } from './certificates.ts'

/** Longer than what is too short to be compressed. */
const padding = 'x'.repeat(2_000)

/** Answers with its port, the request line and the fields; below /login with a session cookie. */
export async function startEcho(port: string): Promise<Server> {
  const server = createServer(({ method, url = '', headers }, response) => {
    response.setHeader('Content-Type', 'text/plain')
    response.setHeader('X-Powered-By', 'echo')
    if (url.includes('/login')) response.setHeader('Set-Cookie', 'sid=1; Path=/; HttpOnly')
    const fields = Object.entries(headers).map(([field, value]) => `${field}: ${value}`)
    response.end([`node ${port}: ${method} ${url}`, ...fields, padding, ''].join('\n'))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(Number(port), '127.0.0.1', resolve)
  })
  return server
}

const names = ['localhost', '127.0.0.1', 'shop.test', 'www.shop.test', 'proxy.example']

/** Makes the files of `cert` and `key`, and of `ca`, that a configuration names. @param place of a file */
export function makeCertificates(text: string, place: (file: string) => string): void {
  const put = (from: string, file: string): void => {
    mkdirSync(dirname(place(file)), { recursive: true })
    cpSync(from, place(file))
  }
  for (const [, cert = '', key = ''] of text.matchAll(/cert: (\S+\.crt)[^{}]*?key: (\S+\.key)/g)) {
    const pair = selfSigned({ names })
    put(pair.certFile, cert)
    put(pair.keyFile, key)
  }
  for (const [, ca = ''] of text.matchAll(/ca: (\S+\.crt)/g)) put(new Authority().certFile, ca)
}
