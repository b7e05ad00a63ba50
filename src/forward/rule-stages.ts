// All that rules do, in one object: the front proxy passes it in, and peers do not carry it.

import type { RuleStages } from './exchange-state.ts'
import { rulesOf } from './rules/rules.ts'
import { deliverCompressed, deliverCompressedEnd } from './stages/compress.ts'
import { applyRules } from './stages/rule.ts'
import { dress, editResponse } from './stages/rule-response.ts'

export const ruleStages: RuleStages = {
  compile: rulesOf,
  apply: applyRules,
  editResponse,
  deliverCompressed,
  deliverCompressedEnd,
  dress,
}
