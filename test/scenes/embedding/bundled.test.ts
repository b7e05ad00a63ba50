// Programs that esbuild has put into one file with topspin and topspin/handler, away from every package.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { repository } from '../../support/packed-package.ts'

const run = promisify(execFile)
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topspin-bundled-'))
  await mkdir(join(folder, 'alone'))
})

after(() => rm(folder, { recursive: true, force: true }))

const program = `
import { createServer } from 'node:http'
import { createTopspin } from 'topspin'
import { createHandler } from 'topspin/handler'

const origin = createServer((request, response) => response.end('served ' + request.url))
await new Promise((resolve) => origin.listen(0, '127.0.0.1', resolve))
const to = ['127.0.0.1:' + origin.address().port]
const topspin = createTopspin({ listen: '127.0.0.1:0', control: { listen: '127.0.0.1:0' }, to })
await topspin.start()
const [traffic] = topspin.addresses.traffic
console.log(await (await fetch(traffic + 'proxy')).text())
console.log((await fetch(topspin.addresses.control + 'metrics')).status)
const handler = createHandler({ to })
const server = createServer(handler.handle)
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
console.log(await (await fetch('http://127.0.0.1:' + server.address().port + '/handler')).text())
process.exit()
`
const requireInModules =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

for (const { format, name, source, banner } of [
  { format: 'esm', name: 'program.mjs', source: program, banner: requireInModules },
  // CommonJS has no await at the top.
  {
    format: 'cjs',
    name: 'program.cjs',
    source: program.replace(/^const origin[\s\S]*/m, (rest) => `(async () => {${rest}})()`),
    banner: '',
  },
] as const)
  test(`a bundle to ${format} serves, and has no package that is not installed with topspin`, async () => {
    const entry = join(folder, `${format}.mjs`)
    const outfile = join(folder, 'alone', name)
    await writeFile(entry, source)
    const { metafile } = await build({
      entryPoints: [entry],
      outfile,
      format,
      bundle: true,
      platform: 'node',
      metafile: true,
      logLevel: 'error',
      banner: { js: banner },
      alias: {
        topspin: join(repository, 'dist/src/index.js'),
        'topspin/handler': join(repository, 'dist/src/handler.js'),
      },
    })
    const optional = Object.keys(metafile.inputs).filter((path) =>
      /node_modules\/(@nats-io|@grpc|protobufjs)\//.test(path),
    )
    assert.deepEqual(optional, [])
    const { stdout } = await run(process.execPath, [outfile], { cwd: join(folder, 'alone') })
    assert.equal(stdout, 'served /proxy\n200\nserved /handler\n')
  })
