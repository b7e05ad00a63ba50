// A service of all four kinds of calls, with bytes as messages, so that no schema is needed. Required by test/support/grpc-programs.ts.

const grpc = require('@grpc/grpc-js')

const same = (bytes) => bytes
const method = (name, requestStream, responseStream) => ({
  path: `/echo.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
})

const service = {
  Unary: method('Unary', false, false),
  Collect: method('Collect', true, false),
  Repeat: method('Repeat', false, true),
  Talk: method('Talk', true, true),
}

/** Methods by name; `extra` is added to each answer of Unary. */
const handlers = (name) => ({
  Unary(call, done) {
    const text = call.request.toString()
    if (text === 'fail')
      return done({ code: grpc.status.ALREADY_EXISTS, details: 'there is one: ä %' })
    if (text === 'silent') return
    done(null, Buffer.from(`${name} ${text}`))
  },
  Collect(call, done) {
    let sum = ''
    call.on('data', (bytes) => {
      sum += bytes
    })
    call.on('end', () => done(null, Buffer.from(sum)))
  },
  Repeat(call) {
    const [text, times] = call.request.toString().split(' ')
    for (let i = 0; i < Number(times); i++) call.write(Buffer.from(`${text}${i}`))
    call.end()
  },
  Talk(call) {
    call.on('data', (bytes) => call.write(bytes))
    call.on('end', () => call.end())
    call.on('cancelled', () => handlers.cancelled++)
  },
})
handlers.cancelled = 0

const Client = grpc.makeClientConstructor(service, 'echo.Echo')

const connect = (address, ca) =>
  new Client(address, ca ? grpc.credentials.createSsl(ca) : grpc.credentials.createInsecure())

/** @returns the server and its port. */
function serve(name, port = 0, tls = undefined) {
  const credentials = tls
    ? grpc.ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }])
    : grpc.ServerCredentials.createInsecure()
  const server = new grpc.Server()
  server.addService(service, handlers(name))
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) =>
      error ? reject(error) : resolve({ server, port: bound }),
    )
  })
}

module.exports = { connect, serve, handlers }
