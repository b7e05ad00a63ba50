// The proxy of the demo, run as a process of its own: `topspin serve` that ends with the demo. Arguments: address for
// clients, address for nodes.

import { serve } from '../serve.ts'
import { endWithParent, notifyParent } from './child.ts'

endWithParent()

const [listen = '', control = ''] = process.argv.slice(2)
// Any free port: browsers refuse port 6666.
const console = '127.0.0.1:0'
process.exit(await serve({ listen: [listen], control, console, workers: '0' }, notifyParent))
