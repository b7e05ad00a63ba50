// Pages of the console in Debian's chromium, and everything that they complain about. For scenes.

import { existsSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { buildConsole } from './built-console.ts'

const executablePath = '/usr/bin/chromium'

/** Why tests with a browser cannot run here; `false` when they can. */
export const noBrowser: string | false = existsSync(executablePath)
  ? false
  : `no ${executablePath} (Debian: apt-get install chromium)`

export interface WatchedPage {
  readonly page: Page
  /** Errors in its console, violations of its policy, exceptions, and requests to other hosts. */
  readonly complaints: readonly string[]
}

export interface Look {
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'light' | 'dark'
  /** What the reader enters as the password. */
  readonly secret?: string
}

/** Runs in the page, for whose objects the tests have no types. */
const tellViolations = `addEventListener('securitypolicyviolation', (event) =>
  console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`

/** A browser that ends with the test. */
export async function startBrowser(t: TestContext): Promise<Browser> {
  await buildConsole()
  // The tests of a container run as root, where chromium's own sandbox does not work.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  t.after(() => browser.close())
  return browser
}

/** @param base URL of the control listener, with its last slash. @param hash of the page, as `#/events`. */
export async function openPage(
  browser: Browser,
  base: string,
  hash = '',
  { width = 1280, height = 800, scheme = 'light', secret }: Look = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    ...(secret === undefined
      ? {}
      : { httpCredentials: { username: 'operator', password: secret } }),
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  const own = new URL(base).host
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url())
    if (protocol !== 'data:' && host !== own) complaints.push(`request to ${request.url()}`)
  })
  await page.addInitScript(tellViolations)
  await page.goto(`${base}console/${hash}`)
  await page.getByText('live', { exact: true }).waitFor()
  return { page, complaints }
}
