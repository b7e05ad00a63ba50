// The door `topspin/auto`: `node --import topspin/auto app.js`. TOPSPIN_MODE says as what the application
// takes part: `node` (default) registers with proxies, `peer` shares requests with its peers.

const { TOPSPIN_MODE: mode = 'node' } = process.env

if (mode === 'peer') await import('./peer/auto.ts')
else if (mode === 'node' || mode === '') await import('./agent/auto.ts')
else {
  process.stderr.write(
    `topspin: TOPSPIN_MODE="${mode}": node or peer; this process takes no part\n`,
  )
}
