// The command lines of `topspin`: what each flag becomes, without running a command.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { optionTable } from '../../../src/agent/option-table.ts'
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

test('every option of the agent has a variable and a flag, or is one that only code can pass', () => {
  const codeOnly = optionTable.filter(({ variable }) => variable === undefined)
  assert.deepEqual(codeOnly.map(({ option }) => option).sort(), [
    'changed',
    'drain.distributable',
    'drain.sessions',
  ])
  // A secret in a flag could be read by other users; the others make no sense in front of another process.
  const withoutFlag = optionTable.filter((row) => row.flag === undefined && row.variable)
  assert.deepEqual(withoutFlag.map(({ option }) => option).sort(), [
    'advertise.key',
    'capacity',
    'secret',
    'sharedPort',
    'signals',
  ])
  const agent = program.commands.find((command) => command.name() === 'agent')
  const flags = agent?.options.map(({ flags: text }) => text)
  for (const { flag } of optionTable) if (flag !== undefined) assert.ok(flags?.includes(flag), flag)
})

test('docs/agent.md lists every option of the agent with its variable and its flag', () => {
  const text = readFileSync(new URL('../../../../docs/agent.md', import.meta.url), 'utf8')
  for (const { option, variable, flag, only } of optionTable) {
    if (only !== 'sidecar') assert.ok(text.includes(`\`${option}\``), option)
    if (variable !== undefined) assert.ok(text.includes(`\`${variable}\``), variable)
    if (flag !== undefined) assert.ok(text.includes(`\`${flag.split(' ')[0]}`), flag)
  }
})
