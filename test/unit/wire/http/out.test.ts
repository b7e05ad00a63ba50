import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Out } from '../../../../src/wire/http/out.ts'

const written = (write: (out: Out) => void): string => {
  const out = new Out(4)
  write(out)
  return out.content.toString('latin1')
}

test('numbers are written in decimal and hexadecimal without leading zeros', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      assert.equal(
        written((out) => out.decimal(value)),
        String(value),
      )
      assert.equal(
        written((out) => out.hex(value)),
        value.toString(16),
      )
    }),
  )
  for (const value of [0, 9, 10, 15, 16, 99, 100, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    assert.equal(
      written((out) => out.decimal(value)),
      String(value),
    )
    assert.equal(
      written((out) => out.hex(value)),
      value.toString(16),
    )
  }
})

test('parts of any length follow each other, however small the buffer began', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 })), (parts) => {
      const out = new Out(1)
      for (const [index, part] of parts.entries()) {
        if (index % 2 === 0) out.raw(part)
        else out.copy(Buffer.from(part), 0, part.length)
      }
      assert.deepEqual(Buffer.from(out.content), Buffer.concat(parts))
    }),
  )
})

test('detached bytes are not written to again', () => {
  const out = new Out(8)
  out.latin1('first')
  const first = out.content
  out.detach()
  out.latin1('other')
  assert.equal(first.toString(), 'first')
})

test('the content is that of now, also when it has the length of an earlier message or the buffer has grown', () => {
  const out = new Out(8)
  out.latin1('first')
  assert.equal(out.content.toString(), 'first')
  out.clear()
  out.latin1('other')
  assert.equal(out.content.toString(), 'other')
  out.latin1(', longer than the buffer')
  assert.equal(out.content.toString(), 'other, longer than the buffer')
  out.detach()
  out.latin1('third')
  assert.equal(out.content.toString(), 'third')
})
