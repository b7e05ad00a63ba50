// Writes docs/configuration.md and contrib/topspin.schema.json from the flags of `topspin serve` and the configuration
// schema (after a build); with --check it only reports whether they are up to date, which a unit test does.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyOfFlag } from '../dist/src/cli/flags.js'
import { createProgram } from '../dist/src/cli/program.js'
import { readConfig } from '../dist/src/config/config.js'
import { configKeys } from '../dist/src/config/keys.js'
import { takesEffect } from '../dist/src/config/takes-effect.js'
import { editorSchema } from './editor-schema.js'
import { root } from './prepare.js'

const page = 'docs/configuration.md'

const example = `listen: [0.0.0.0:8000]
control:
  listen: 10.0.0.1:6666
trust: [10.0.0.0/8]
timeouts:
  connect: 1s
log:
  level: warn
`

const written = { [page]: configurationPage(), 'contrib/topspin.schema.json': editorSchema() }
if (process.argv.includes('--check')) {
  for (const [name, text] of Object.entries(written)) {
    if (readFileSync(join(root, name), 'utf8') === text) continue
    console.error(`${name} is out of date: run node scripts/configuration-page.js`)
    process.exitCode = 1
  }
} else {
  for (const [name, text] of Object.entries(written)) writeFileSync(join(root, name), text)
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
column. \`topspin init\` writes a first file. Editors with a YAML language server complete and check a file that
begins with \`# yaml-language-server: $schema=\` and the path of \`contrib/topspin.schema.json\` in the package.

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
