// All proxies that the bench knows, in the order of the tables. Topspin is the first: the others are
// compared with it.

import { caddy } from './caddy.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { httpd } from './httpd.ts'
import { nginx } from './nginx.ts'
import { npmSides } from './npm.ts'
import type { Side } from './side.ts'
import { topspin, topspinHandler } from './topspin.ts'

export const sides: readonly Side[] = [
  topspin,
  topspinHandler,
  nginx,
  haproxy,
  envoy,
  caddy,
  httpd,
  ...npmSides,
]
