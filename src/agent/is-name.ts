// Names that are looked up again and again, as against addresses and this machine itself.

import { isIP } from 'node:net'

/** `localhost` stands for two addresses of one proxy; it is connected to as it is. */
export const isName = (host: string): boolean => isIP(host) === 0 && host !== 'localhost'
