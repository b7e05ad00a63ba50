// An application of a session library as its README shows it: nothing in it is about the proxy. Started by
// test/interop/session-libraries.test.ts: `node app.js express|fastify|socket.io NAME [PORT]`; prints its port.
//
// GET /visit counts the visits of a session in memory and answers `NAME PID VISITS`.

const [kind, name, port = '0'] = process.argv.slice(2)

const answer = (session) => {
  session.visits = (session.visits ?? 0) + 1
  return `${name} ${process.pid} ${session.visits}`
}

async function startExpress() {
  const { default: express } = await import('express')
  const { default: session } = await import('express-session')
  const app = express()
  app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
  app.get('/visit', (request, response) => {
    response.send(answer(request.session))
  })
  return new Promise((resolve) => {
    const server = app.listen(Number(port), '127.0.0.1', () => resolve(server))
  })
}

async function startFastify() {
  const { default: fastify } = await import('fastify')
  const { default: cookie } = await import('@fastify/cookie')
  const { default: session } = await import('@fastify/session')
  const app = fastify()
  app.register(cookie)
  app.register(session, {
    secret: 'a secret with a length of at least 32 characters',
    cookie: { secure: false, maxAge: 3_600_000 },
  })
  app.get('/visit', async (request) => answer(request.session))
  await app.listen({ port: Number(port), host: '127.0.0.1' })
  return app.server
}

async function startSocketIo() {
  const { randomUUID } = await import('node:crypto')
  const { createServer } = await import('node:http')
  const { Server } = await import('socket.io')
  const server = createServer()
  const io = new Server(server)
  // So that the test can see whose sessions reach this node.
  io.engine.generateId = () => `${randomUUID()} of ${process.pid}`.replaceAll(' ', '_')
  io.engine.on('connection_error', ({ code, req }) => {
    const unknownSession = 1
    if (code === unknownSession) process.send?.({ unknown: String(req._query?.sid) })
  })
  io.on('connection', (socket) => {
    let visits = 0
    socket.on('visit', (reply) => reply(`${name} ${process.pid} ${++visits}`))
  })
  await new Promise((resolve) => server.listen(Number(port), '127.0.0.1', resolve))
  return server
}

const start = { express: startExpress, fastify: startFastify, 'socket.io': startSocketIo }[kind]
const server = await start()
process.once('disconnect', () => process.exit())
process.send?.({ port: server.address().port })
