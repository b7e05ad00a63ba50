// The light door of the front proxy, for the configuration: what its settings are, their defaults and the forms of their
// values. `topspin check` reads a file without the code that forwards requests.

export {
  type AnswerSettings,
  compressedTypes,
  defaultInsert,
  defaultSettings,
  defaultTimeouts,
  type FieldEditSettings,
  type HstsSettings,
  type HttpsRedirect,
  type InsertSettings,
  loadPolicies,
  type MatchSettings,
  type ProxySettings,
  pageEnds,
  type RedirectSettings,
  type RequestIdUse,
  type RuleSettings,
  readPasswords,
  requestVariables,
  responseVariables,
  type StickyEntry,
  type StickySettings,
  type Timeouts,
  variablesIn,
} from '../forward/forms.ts'
