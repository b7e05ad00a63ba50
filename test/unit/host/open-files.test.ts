import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFilesMax, parseOpenFilesMax } from '../../../src/host/open-files.ts'

test('the soft limit of open files is read', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max processes             95000                95000                processes \n' +
    'Max open files            256                  4096                 files     \n'
  assert.equal(parseOpenFilesMax(text), 256)
})

test('an unlimited or missing value is no limit', () => {
  assert.equal(parseOpenFilesMax('Max open files   unlimited   unlimited   files\n'), undefined)
  assert.equal(parseOpenFilesMax(''), undefined)
})

test('this process has a limit on Linux', { skip: process.platform !== 'linux' }, () => {
  assert.ok((openFilesMax() ?? 1_000) > 20)
})
