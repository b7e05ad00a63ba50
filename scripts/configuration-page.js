// Writes docs/configuration.md from the flags of `topspin serve` and the configuration schema (after a build); with
// --check it only reports whether the page is up to date, which a unit test does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyOfFlag } from '../dist/src/cli/flags.js'
import { createProgram } from '../dist/src/cli/program.js'
import { readConfig } from '../dist/src/config/config.js'
import { configKeys } from '../dist/src/config/keys.js'
import { takesEffect } from '../dist/src/config/takes-effect.js'
import { root } from './prepare.js'

const target = join(root, 'docs', 'configuration.md')

const example = `listen: [0.0.0.0:8000]
control:
  listen: 10.0.0.1:6666
trust: [10.0.0.0/8]
timeouts:
  connect: 1s
log:
  level: warn
`

const page = configurationPage()
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== page) {
    console.error('docs/configuration.md is out of date: run node scripts/configuration-page.js')
    process.exitCode = 1
  }
} else {
  writeFileSync(target, page)
}

function configurationPage() {
  const file = { name: 'example', text: example }
  const result = readConfig({ file, environment: {}, flags: [] })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const keys = configKeys()
  const flags = flagsOfKeys()
  const names = [...flags.values()].map((flag) => `\`${flag}\``)
  return `# Configuration of \`topspin serve\`

<!-- Written by scripts/configuration-page.js from src/config/schema.ts and src/cli/program.ts: change it there. -->

Every key has a default, so no file is needed. Each source outranks those before it:

1. the defaults below,
2. the file of \`--config FILE\` (YAML or JSON),
3. the environment, by the variable of each key (lists are written with commas),
4. the flags ${names.slice(0, -1).join(', ')} and ${names.at(-1)}.

Durations are written \`500ms\`, \`10s\`, \`1.5m\`, \`1h\`, or as a number of milliseconds. Addresses are
\`HOST:PORT\`, \`[IPv6]:PORT\`, or a port alone on 127.0.0.1. An unknown key is an error, and so is an unknown
TOPSPIN_ variable. \`topspin check FILE\` reports all problems of a file at once, with line and
column.

SIGHUP and \`topspin reload\` read the file again; "Reload" below says when a changed key takes effect. What still needs a
restart is listed by \`topspin reload\` and in the log. A file with a problem changes nothing, and neither does one that
would stop the traffic: see [reload.md](reload.md).

\`\`\`yaml
${example}\`\`\`

${keys.map((key) => section(key, flags.get(key.name))).join('\n\n')}
`
}

/** The flag of each key that has one, as `--listen`. */
function flagsOfKeys() {
  const program = createProgram(async () => {})
  const serve = program.commands.find((command) => command.name() === 'serve')
  const options = serve.options.filter((option) => option.attributeName() in keyOfFlag)
  return new Map(options.map((option) => [keyOfFlag[option.attributeName()], option.long]))
}

function section({ name, variable, schema }, flag) {
  const hasDefault = schema.default !== undefined && schema.default !== ''
  const facts = [
    schema.form,
    `default ${hasDefault ? `\`${schema.default}\`` : 'none'}`,
    `\`${variable}\``,
    ...(flag === undefined ? [] : [`\`${flag}\``]),
  ]
  return `## \`${name}\`

${schema.description}

${facts.join(' · ')}

Reload: ${takesEffect(name)}.`
}
