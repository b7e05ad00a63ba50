// The light door of forward/, for code that reads settings and forwards nothing: what settings are, their defaults and the
// forms of their values. It loads none of the stages.

export { compressedTypes } from './rules/compression.ts'
export { pageEnds } from './rules/error-page.ts'
export { readPasswords } from './rules/password-file.ts'
export type {
  AnswerSettings,
  FieldEditSettings,
  MatchSettings,
  RedirectSettings,
  RuleSettings,
} from './rules/rule-settings.ts'
export { requestVariables, responseVariables, variablesIn } from './rules/template.ts'
export type { HstsSettings } from './shared/hsts.ts'
export type { HttpsRedirect } from './shared/https-redirect.ts'
export {
  defaultSettings,
  defaultTimeouts,
  type ProxySettings,
  type RequestIdUse,
  type Timeouts,
} from './shared/settings.ts'
export {
  defaultInsert,
  type InsertSettings,
  type StickyEntry,
  type StickySettings,
} from './shared/sticky-settings.ts'
export { loadPolicies } from './traffic/load-policies.ts'
