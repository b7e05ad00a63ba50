// `npm start [-- options]`: installs missing packages, builds, then runs the demo cluster.
import { prepare } from './prepare.js'

prepare()
process.argv.splice(2, 0, 'demo')
await import('../bin/topspin.js')
