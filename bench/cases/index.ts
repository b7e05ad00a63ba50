// All cases of the bench, in the order of the tables.

import { accessLog } from './access-log.ts'
import type { Case } from './case.ts'
import { http2 } from './http2.ts'
import { idle } from './idle.ts'
import { newConnections } from './new-connections.ts'
import { pipelined } from './pipelined.ts'
import { post } from './post.ts'
import { responseSizes } from './response-sizes.ts'
import { seeing } from './seeing.ts'
import { slowReaders } from './slow-readers.ts'

export const cases: readonly Case[] = [
  ...responseSizes,
  ...post,
  newConnections,
  pipelined,
  idle,
  slowReaders,
  accessLog,
  seeing,
  ...http2,
]
