// All proxies that the bench knows, in the order of the tables. Topspin is the first: the others are
// compared with it.

import { haproxy } from './haproxy.ts'
import { httpd } from './httpd.ts'
import { nginx } from './nginx.ts'
import { npmSides } from './npm.ts'
import type { Side } from './side.ts'
import { topspin } from './topspin.ts'

export const sides: readonly Side[] = [topspin, nginx, haproxy, httpd, ...npmSides]
