// Certificates that do not come from files, beside those of the configuration.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { loadConfig } from '../../../src/config/config.ts'
import { readTls } from '../../../src/config/tls-files.ts'
import { createLogger } from '../../../src/server/logger.ts'
import { startServing } from '../../../src/server/start-serving.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'

describe('a certificate that is issued while the proxy serves', { skip: noOpenssl }, () => {
  for (const workers of ['0', '2'])
    test(`serves its names, beside those of the configuration, with ${workers} workers`, async (t) => {
      const authority = new Authority()
      const own = authority.issue({ subject: 'own', names: ['own.example'] })
      const issued = authority.issue({ subject: 'issued', names: ['*.example', 'own.example'] })
      const values = {
        listen: 'https://127.0.0.1:0',
        'control.listen': '127.0.0.1:0',
        'tls.cert': own.certFile,
        'tls.key': own.keyFile,
        workers,
      }
      const flags = Object.entries(values).map(([path, value]) => ({ flag: path, path, value }))
      const read = loadConfig(undefined, { environment: {}, flags })
      assert.ok(read.ok)
      const material = await readTls(read.config)
      assert.ok(material.ok)
      const serving = await startServing(read.config, material.material, createLogger('error', 2))
      t.after(() => serving.close())
      const port = Number(new URL(serving.listening.traffic[0] ?? '').port)
      const shown = async (servername: string): Promise<string> => {
        const socket = tls.connect({ port, servername, rejectUnauthorized: false })
        await once(socket, 'secureConnect')
        const { CN } = socket.getPeerCertificate().subject
        socket.destroy()
        return String(CN)
      }
      assert.equal(await shown('new.example'), 'own')
      await serving.useIssued([issued])
      assert.equal(await shown('new.example'), 'issued')
      assert.equal(await shown('own.example'), 'own')
      assert.deepEqual(await serving.renewTls(), [])
      assert.equal(await shown('new.example'), 'issued')
      await assert.rejects(serving.useIssued([{ cert: issued.cert, key: own.key }]), /mismatch/)
      assert.equal(await shown('new.example'), 'issued')
      await serving.useIssued([])
      assert.equal(await shown('new.example'), 'own')
    })
})
