// Writes docs/commands.md from the help of the command line (after a build); with --check it only reports whether the page
// is up to date, which a unit test does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandList } from '../dist/src/cli/command-list.js'
import { createProgram } from '../dist/src/cli/program.js'
import { formatted } from './formatted.js'
import { root } from './prepare.js'

const page = 'docs/commands.md'
const program = createProgram(async () => {})

const text = formatted(page, commandsPage())
if (!process.argv.includes('--check')) writeFileSync(join(root, page), text)
else if (readFileSync(join(root, page), 'utf8') !== text) {
  console.error(`${page} is out of date: run npm run docs`)
  process.exitCode = 1
}

function commandsPage() {
  const names = commandList.flatMap(([row]) => row.split(', '))
  return `# Commands

<!-- Written by scripts/commands-page.js from src/cli/program.ts: change it there. -->

The help of each command, as \`topspin help COMMAND\` prints it. What the commands for a running proxy do:
[manager.md](manager.md#commands). What \`serve\` reads from a file and from the environment: [configuration.md](configuration.md).

| command | does |
| --- | --- |
${commandList.map(([row, does]) => `| ${row.split(', ').map(link).join(', ')} | ${does} |`).join('\n')}

| exit code | means |
| --- | --- |
| 0 | done |
| 1 | a failure: unreachable, refused, not found |
| 2 | wrong flags or arguments |
| 75 | an address is in use |
| 78 | the configuration is wrong |

A command that fails says why in a line of text on standard error, with \`--json\`, too.

${names.map(section).join('\n\n')}
`
}

function link(name) {
  return `[${name}](#topspin-${name})`
}

function section(name) {
  let help = ''
  const command = program.commands.find((known) => known.name() === name)
  command.configureOutput({
    writeOut: (part) => {
      help += part
    },
    getOutHelpWidth: () => 80,
  })
  command.outputHelp()
  return `## topspin ${name}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\``
}
