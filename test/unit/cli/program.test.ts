// The command lines of `topspin`: what each flag becomes, without running a command.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOfFlag } from '../../../src/cli/flags.ts'
import { createProgram } from '../../../src/cli/program.ts'
import { configKeys } from '../../../src/config/keys.ts'

const program = createProgram(async () => {})

test('every flag of serve but --config and --help stands for a key of the configuration', () => {
  const serve = program.commands.find((command) => command.name() === 'serve')
  const flags = serve?.options.map((option) => option.attributeName())
  assert.deepEqual(flags?.filter((flag) => flag !== 'config').sort(), Object.keys(keyOfFlag).sort())
  const known = configKeys().map(({ name }) => name)
  for (const key of Object.values(keyOfFlag)) assert.ok(known.includes(key), key)
})

test('every command has a description that is a sentence', () => {
  for (const command of program.commands)
    assert.match(command.description(), /^[A-Z].*\.$/, command.name())
})
