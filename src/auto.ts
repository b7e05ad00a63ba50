// The door `topspin/auto`: `node --import topspin/auto app.js`, or `node -r topspin/auto app.js`. TOPSPIN_MODE is `node`
// (the default: the application registers with proxies) or `peer` (it shares requests with its peers). Without
// top-level await, so that it can be required and bundled to CommonJS.

import { joinProxies } from './agent/auto.ts'
import { applicationEnvironment } from './host/pm2.ts'
import { joinGroup } from './peer/auto.ts'

const { TOPSPIN_MODE: mode = 'node' } = applicationEnvironment()

if (mode === 'peer') joinGroup()
else if (mode === 'node' || mode === '') joinProxies()
else {
  process.stderr.write(
    `topspin: TOPSPIN_MODE="${mode}" is not a mode; write node or peer. This process does not join\n`,
  )
}
