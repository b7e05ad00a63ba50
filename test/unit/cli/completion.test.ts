import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { commandList, commandListText } from '../../../src/cli/command-list.ts'
import { completionScript } from '../../../src/cli/completion.ts'
import { createProgram } from '../../../src/cli/program.ts'

const program = createProgram(async () => {})
const names = program.commands.map((command) => command.name())

test('each command is in one row of the list, which fits 80 columns', () => {
  const listed = commandList.flatMap(([row]) => row.split(', '))
  assert.deepEqual([...listed].sort(), [...names].sort())
  for (const line of commandListText().split('\n')) assert.ok(line.length <= 80, line)
})

test('bash completes commands and options', () => {
  const ask = (line: readonly string[]): readonly string[] => {
    const script = `${completionScript(program, 'bash')}
COMP_WORDS=(topspin ${line.join(' ')}${line.at(-1) === '' ? '""' : ''}); COMP_CWORD=${line.length}
_topspin; printf '%s\\n' "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n')
  }
  assert.deepEqual(ask(['dr']), ['drain'])
  assert.ok(ask(['drain', '--wi']).includes('--within'))
  assert.deepEqual([...ask([''])].sort(), [...names].sort())
})

test('the scripts for zsh and fish name every command', () => {
  for (const shell of ['zsh', 'fish']) {
    const script = completionScript(program, shell)
    for (const name of names) assert.match(script, new RegExp(`\\b${name}\\b`))
  }
})
