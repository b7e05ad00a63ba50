import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { linkedFile } from '../../../src/host/linked-file.ts'
import { makeFolder } from '../../support/folder.ts'

test('links are followed to the file, or to the name at which it is missing', () => {
  const folder = realpathSync(makeFolder())
  const at = (name: string): string => join(folder, name)
  mkdirSync(at('deep/er'), { recursive: true })
  symlinkSync('deep/er', at('short'))
  symlinkSync('../target', at('deep/er/first'))
  symlinkSync('short/first', at('second'))
  assert.equal(linkedFile(at('plain')), at('plain'))
  assert.equal(linkedFile(at('second')), at('deep/target'))
  writeFileSync(at('deep/target'), '')
  assert.equal(linkedFile(at('second')), at('deep/target'))
  // Through a linked folder, `..` is that of the folder itself.
  assert.equal(linkedFile(at('short/first')), at('deep/target'))
})

test('a loop of links ends', () => {
  const folder = makeFolder()
  symlinkSync('b', join(folder, 'a'))
  symlinkSync('a', join(folder, 'b'))
  assert.match(linkedFile(join(folder, 'a')), /[ab]$/)
})
