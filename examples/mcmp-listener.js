// Reads the control messages of nodes and prints them, without a proxy behind it: for debugging an agent, or
// as a start for a controller of your own.
//
//   node examples/mcmp-listener.js
//   npx topspin agent --target http://127.0.0.1:3000 --proxy 127.0.0.1:6666

import { createServer } from 'node:net'
import { FrameReader, methodOf, parseMessage, writeReply } from 'topspin/mcmp'

const { PORT = '6666' } = process.env

const server = createServer((socket) => {
  const reader = new FrameReader()
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    reader.push(bytes)
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'continue') socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      else if (event.kind === 'problem')
        return void socket.end(`HTTP/1.1 ${event.status} Bad\r\n\r\n`)
      else socket.write(answer(event.request))
    }
  })
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on port ${PORT}`))

/** @param {import('topspin/mcmp').FramedRequest} request */
function answer({ method: name, target, body, fields }) {
  const method = methodOf(name)
  if (method === undefined) return 'HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\n\r\n'
  const field = (/** @type {string} */ key) => fields.get(key)?.[0] ?? ''
  const parsed = parseMessage({
    method,
    target,
    body,
    accept: field('accept'),
    contentType: field('content-type'),
    userAgent: field('user-agent'),
  })
  if (!parsed.ok) return writeReply(parsed, { keepAlive: false })
  console.log(JSON.stringify(parsed.message))
  return writeReply({ ok: true, body: replyTo(parsed.message) }, { keepAlive: true })
}

/** @param {import('topspin/mcmp').Message} message */
function replyTo(message) {
  if (message.method !== 'STATUS') return ''
  return `Type=STATUS-RSP&JVMRoute=${message.route}&State=OK&id=1`
}
