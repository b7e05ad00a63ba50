// `topspin check` of the certificates for Envoys: what is wrong with them is told as for the listeners of clients and nodes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { makeFolder } from '../../support/folder.ts'
import { topspin } from '../../support/topspin.ts'

async function checked(xds: object): Promise<{ code: number | null; text: string }> {
  const file = join(makeFolder(), 'topspin.json')
  writeFileSync(file, JSON.stringify({ xds }))
  const { code, stdout, stderr } = await topspin('check', file)
  return { code, text: `${stdout}${stderr}` }
}

test('certificates for Envoys are checked', { skip: noOpenssl }, async () => {
  const authority = new Authority()
  const good = authority.issue()
  const [cert, key, ca] = [good.certFile, good.keyFile, authority.certFile]
  const expired = authority.issue({ days: -1 })
  const listen = '127.0.0.1:18000'
  const cases: readonly (readonly [xds: object, problem: RegExp, code: number])[] = [
    [{ listen, tls: { cert, key, ca, clientAuth: 'require' } }, /./, 0],
    [
      { listen, tls: { cert: expired.certFile, key: expired.keyFile } },
      /warning: .*xds\.tls\.cert: has expired: .*; renew it/,
      0,
    ],
    [{ listen, tls: { cert: '/nowhere.crt', key } }, /xds\.tls\.cert: cannot be read: ENOENT/, 78],
    [{ listen, tls: { cert, key: expired.keyFile } }, /xds\.tls\.key: /, 78],
    [
      { listen, tls: { cert, key, clientAuth: 'require' } },
      /xds\.tls\.ca: is missing: `clientAuth: require` needs it/,
      78,
    ],
    [{ tls: { cert, key } }, /xds\.tls: is not used: there is no `xds\.listen`/, 78],
  ]
  for (const [xds, problem, code] of cases) {
    const found = await checked(xds)
    assert.match(found.text, problem)
    assert.equal(found.code, code, found.text)
  }
})
