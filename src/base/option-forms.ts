// The names and the forms of options that a program passes, so that a misspelt option or a value of another type is
// reported with what would be right. Used by the checks of the options of agents, peers and the proxy.

import { TopspinError } from './errors.ts'
import { suggest } from './suggest.ts'

/** The form of one value; nested options have a form for each. `any`: checked elsewhere. */
type Form =
  | 'text'
  | 'number'
  | 'boolean'
  | 'function'
  | 'texts'
  | 'text or texts'
  | 'list'
  | 'logger'
  | 'any'
  | OptionForms

/** The form of each option. */
export interface OptionForms {
  readonly [option: string]: Form
}

type Plain = Exclude<Form, OptionForms>

const isText = (value: unknown): boolean => typeof value === 'string'
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const isLogger = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['debug', 'info', 'warn', 'error'].every((name) => typeof Reflect.get(value, name) === 'function')

const isOf: Record<Plain, (value: unknown) => boolean> = {
  text: isText,
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  function: (value) => typeof value === 'function',
  texts: areTexts,
  'text or texts': (value) => isText(value) || areTexts(value),
  list: Array.isArray,
  logger: (value) => value === false || isLogger(value),
  any: () => true,
}

const rightForm: Record<Plain, string> = {
  text: 'write a text',
  number: 'write a number',
  boolean: 'write true or false',
  function: 'pass a function',
  texts: 'write a list of texts',
  'text or texts': 'write a text or a list of texts',
  list: 'write a list',
  logger: 'pass a logger with the methods debug, info, warn and error, as console is; or false',
  any: '',
}

/**
 * Adds a problem for each option that is not in `forms`, and for each value of another form; undefined counts as absent.
 * @param prefix of nested options, as `drain.`.
 */
export function checkForms(
  options: object,
  forms: OptionForms,
  problems: string[],
  prefix: string = '',
): void {
  for (const [name, value] of Object.entries(options)) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined
    if (form === undefined) problems.push(unknownOption(prefix, name, Object.keys(forms)))
    else if (value !== undefined) checkValue(prefix + name, value, form, problems)
  }
}

/**
 * @param example of the options, for a value that is none.
 * @param prefix of nested options, as `drain.`.
 * @throws TopspinError BAD_OPTION, which names all problems.
 */
export function requireForms(
  options: unknown,
  forms: OptionForms,
  example: string,
  prefix: string = '',
): void {
  const problems: string[] = []
  if (typeof options === 'object' && options !== null) checkForms(options, forms, problems, prefix)
  else problems.push(`pass options, for example ${example}`)
  if (problems.length > 0) throw badOption(problems.join('; '))
}

export const badOption = (message: string): TopspinError =>
  new TopspinError('BAD_OPTION', message, { side: 'proxy', phase: 'control' })

/** The forms of the defaults. Values that are absent are not checked. */
export function formsOf(defaults: object): OptionForms {
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, formOf(value)]))
}

function formOf(value: unknown): Form {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number' || typeof value === 'boolean')
    return typeof value as 'number' | 'boolean'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'function') return 'function'
  return typeof value === 'object' && value !== null ? formsOf(value) : 'any'
}

function checkValue(name: string, value: unknown, form: Form, problems: string[]): void {
  if (typeof form === 'object') {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      checkForms(value, form, problems, `${name}.`)
    else problems.push(`${name}: write an object with ${Object.keys(form).join(', ')}`)
  } else if (!isOf[form](value)) problems.push(`${name}: ${rightForm[form]}${example(value, form)}`)
}

/** A single text in place of a list is shown as a list. */
const example = (value: unknown, form: Plain): string =>
  form === 'texts' && isText(value) ? `: [${JSON.stringify(value)}]` : ''

function unknownOption(prefix: string, name: string, known: readonly string[]): string {
  const meant = suggest(name, known)
  const hint =
    meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${prefix}${meant}?`
  return `${prefix}${name} is not an option; ${hint}`
}
