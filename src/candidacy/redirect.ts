// `redirectToName FORMAT` and `redirectToIp FORMAT`: the client is redirected to the chosen candidate instead of proxied,
// wherever the function stands in the cascade. Requests for which this server is chosen are served here.

import type { Candidacy, Kind } from './candidacy.ts'
import { readLocationFormat } from './location.ts'

const unchanged: Candidacy = (candidates) => candidates

export const redirectToName: Kind = redirectKind('redirectToName', 'HTTPRedirectToName', '%N')
export const redirectToIp: Kind = redirectKind('redirectToIp', 'HTTPRedirectToIP', '%A')

function redirectKind(name: string, alias: string, otherwise: string): Kind {
  return {
    name,
    aliases: [alias],
    form: `[FORMAT], ${otherwise} by default, or such as https://%1N.example.com:%P`,
    read(argument) {
      const location = readLocationFormat(argument === '' ? otherwise : argument)
      return typeof location === 'string' ? location : () => ({ apply: unchanged, location })
    },
  }
}
