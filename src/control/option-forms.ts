// The names and forms of the options of `startControl`, for the check that finds misspelt ones. They follow from the
// defaults, but for values that are objects of their own.

import { badOption, formsOf, type OptionForms, requireForms } from '../base/option-forms.ts'
import { type ControlOptions, controlSettings } from './options.ts'

const addressForms: OptionForms = {
  host: 'text',
  port: 'number',
  tls: 'boolean',
  mode: 'number',
  owner: 'text',
  group: 'text',
} satisfies Record<keyof NonNullable<ControlOptions['listen']>, OptionForms[string]>

const example = '{ listen, registry, live, traffic: { apply } }'

function controlForms({ registry, live, traffic }: ControlOptions): OptionForms {
  const required = { registry, live, traffic: { apply: traffic.apply } }
  const { clusterLog: _, checks: __, ...settings } = controlSettings(required)
  return {
    ...formsOf(settings),
    listen: addressForms,
    console: addressForms,
    registry: 'any',
    live: 'any',
    sockets: 'any',
    begins: 'any',
    clock: 'any',
    events: 'any',
    counts: 'any',
    log: 'logger',
  }
}

const requiredNames = ['registry', 'live', 'traffic'] as const

/** @throws TopspinError BAD_OPTION for unknown options and for values of another type. */
export function checkControlOptions(options: ControlOptions): void {
  const missing = requiredNames.filter((name) => typeof options?.[name] !== 'object')
  if (missing.length > 0) throw badOption(`${missing.join(', ')}: missing; pass ${example}`)
  requireForms(options, controlForms(options), example)
}
