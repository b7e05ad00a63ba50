// `redirectToName FORMAT` and `redirectToIp FORMAT`: whoever wins, wherever these stand in the cascade, is
// reached by an HTTP redirect. This server itself never is: what it wins it serves.

import type { Candidacy, Kind } from './candidacy.ts'
import { readLocationFormat } from './location.ts'

const asItWas: Candidacy = (candidates) => candidates

export const redirectToName: Kind = redirectKind('redirectToName', 'HTTPRedirectToName', '%N')
export const redirectToIp: Kind = redirectKind('redirectToIp', 'HTTPRedirectToIP', '%A')

function redirectKind(name: string, alias: string, otherwise: string): Kind {
  return {
    name,
    aliases: [alias],
    form: `[FORMAT], ${otherwise} by default, or such as https://%1N.example.com:%P`,
    read(argument) {
      const location = readLocationFormat(argument === '' ? otherwise : argument)
      return typeof location === 'string' ? location : () => ({ apply: asItWas, location })
    },
  }
}
