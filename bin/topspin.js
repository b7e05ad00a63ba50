#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/src/main.js', import.meta.url)
const sources = new URL('../scripts/prepare.js', import.meta.url)
if (existsSync(main)) {
  await import(new URL('../dist/src/cli/early-signals.js', import.meta.url).href)
  try {
    await import(main.href)
  } catch (error) {
    // The modules that main.js itself needs; those of a command, src/cli/run.ts.
    if (error.code !== 'EMFILE') throw error
    console.error('topspin: the limit of open files is too low to start: raise it to 1024 or more')
    process.exitCode = 1
  }
} else if (existsSync(sources)) {
  // A checkout that nobody has built yet; the package on npm comes built.
  const { prepare } = await import(sources.href)
  prepare()
  await import(main.href)
} else {
  console.error('topspin: dist/ is missing from this installation: install topspin again')
  process.exitCode = 1
}
