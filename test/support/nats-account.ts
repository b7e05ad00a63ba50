// An operator, an account and a user of NATS, as `nsc` makes them: lines for the configuration of the server, and the file of
// credentials for a client. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/jwt

import { createHash, randomUUID } from 'node:crypto'
import { nkeys } from '@nats-io/transport-node'

const { createAccount, createOperator, createUser } = nkeys
type KeyPair = ReturnType<typeof createUser>

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function jwt(issuer: KeyPair, subject: KeyPair, name: string, nats: object): string {
  const claims = {
    jti: createHash('sha256').update(randomUUID()).digest('hex').slice(0, 52).toUpperCase(),
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name,
    nats,
  }
  const text = `${encoded({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encoded(claims)}`
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString('base64url')}`
}

const unlimited = { subs: -1, data: -1, payload: -1 }

/** What a user may do: publish and subscribe to these subjects. */
interface Rights {
  readonly pub: readonly string[]
  readonly sub: readonly string[]
}

const ofPeers: Rights = { pub: ['tsp.peer.scene'], sub: ['tsp.peer.scene'] }

/** The account has JetStream. */
export function accountAndUser(rights: Rights = ofPeers): {
  readonly lines: string
  readonly creds: string
} {
  const [operator, account, user] = [createOperator(), createAccount(), createUser()]
  const system = createAccount()
  const operatorJwt = jwt(operator, operator, 'test', { type: 'operator', version: 2 })
  const limits = { ...unlimited, conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true }
  const ofStreams = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const ofAccount = (pair: KeyPair, name: string, more: object): string =>
    jwt(operator, pair, name, { type: 'account', version: 2, limits: { ...limits, ...more } })
  const userJwt = jwt(account, user, 'peer', {
    type: 'user',
    version: 2,
    ...unlimited,
    pub: { allow: rights.pub },
    sub: { allow: rights.sub },
  })
  const seed = Buffer.from(user.getSeed()).toString('latin1')
  return {
    lines: `operator: ${operatorJwt}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: {
  ${account.getPublicKey()}: ${ofAccount(account, 'peers', ofStreams)}
  ${system.getPublicKey()}: ${ofAccount(system, 'SYS', {})}
}
`,
    creds: `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`,
  }
}
