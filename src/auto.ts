// The door `topspin/auto`: `node --import topspin/auto app.js`. TOPSPIN_MODE is `node` (the default: the application
// registers with proxies) or `peer` (it shares requests with its peers).

const { TOPSPIN_MODE: mode = 'node' } = process.env

if (mode === 'peer') await import('./peer/auto.ts')
else if (mode === 'node' || mode === '') await import('./agent/auto.ts')
else {
  process.stderr.write(
    `topspin: TOPSPIN_MODE="${mode}" is not a mode; write node or peer. This process does not join\n`,
  )
}
