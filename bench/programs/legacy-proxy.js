// A server around `createProxyServer`, the interface that http-proxy and http-proxy-3 share.
import { Agent, createServer } from 'node:http'
import { keepAliveTimeout, listen, targets, write } from './arguments.js'

export function serveWith(createProxyServer) {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1024 })
  const proxy = createProxyServer({ agent, xfwd: true })
  proxy.on('error', (error, _request, response) => {
    console.error(error.message)
    if (response.headersSent === false) response.writeHead(502).end()
    else response.destroy()
  })
  let turn = 0
  const server = createServer({ keepAliveTimeout }, (request, response) => {
    if (write !== undefined) log(request, response)
    turn = (turn + 1) % targets.length
    proxy.web(request, response, { target: targets[turn] })
  })
  server.listen(listen)
}

function log(request, response) {
  const begin = performance.now()
  response.on('finish', () =>
    write({
      time: Date.now(),
      client: request.socket.remoteAddress,
      method: request.method,
      target: request.url,
      host: request.headers.host,
      status: response.statusCode,
      duration: performance.now() - begin,
      bytes: Number(response.getHeader('content-length')),
    }),
  )
}
