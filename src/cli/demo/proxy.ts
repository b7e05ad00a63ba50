// The proxy of the demo, run as a process of its own: `topspin serve` that ends with the demo.
// Its arguments: the address for clients, the address for nodes.

import { serve } from '../serve.ts'
import { endWithParent, tellParent } from './child.ts'

endWithParent()

const [listen = '', control = ''] = process.argv.slice(2)
process.exit(await serve({ listen: [listen], control, workers: '0' }, tellParent))
