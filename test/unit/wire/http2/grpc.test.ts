// Content types, deadlines and failures of gRPC.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Out } from '../../../../src/wire/http/out.ts'
import { FieldDecoder } from '../../../../src/wire/http2/field-decoder.ts'
import {
  grpcStatusOf,
  isGrpc,
  readGrpcTimeout,
  writeGrpcFailure,
} from '../../../../src/wire/http2/grpc.ts'

test('the content type of a call', () => {
  for (const [type, expected] of [
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc;x=y', true],
    ['application/grpc-web', false],
    ['application/grp', false],
    ['text/plain', false],
  ] as const)
    assert.equal(isGrpc(Buffer.from(type), 0, type.length), expected, type)
})

test('deadlines in all units', () => {
  assert.equal(readGrpcTimeout('1H'), 3_600_000)
  assert.equal(readGrpcTimeout('2M'), 120_000)
  assert.equal(readGrpcTimeout('3S'), 3_000)
  assert.equal(readGrpcTimeout('4m'), 4)
  assert.equal(readGrpcTimeout('5u'), 1)
  assert.equal(readGrpcTimeout('1500000n'), 2)
  for (const value of ['', '1', 'S', '123456789S', '-1S', '1.5S', '1s'])
    assert.equal(readGrpcTimeout(value), Number.POSITIVE_INFINITY, value)
})

test('a failure is a status with a message that is ASCII', () => {
  const out = new Out(16)
  writeGrpcFailure(grpcStatusOf(503), 'no ä, 100 %', out)
  const lines: string[] = []
  new FieldDecoder().decode(out.bytes, 0, out.length, {
    field: (line) => lines.push(line.bytes.toString('latin1', 0, line.valueTo)),
  })
  assert.deepEqual(lines, [
    ':status: 200',
    'content-type: application/grpc',
    'grpc-status: 14',
    'grpc-message: no %C3%A4, 100 %25',
  ])
  assert.equal(grpcStatusOf(418), 2)
})
