import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryBudget } from '../../../../src/forward/shared/retry-budget.ts'

const spent = (budget: RetryBudget, now: number, tries: number): number =>
  Array.from({ length: tries }, () => budget.spend(now)).filter(Boolean).length

test('a proxy with little traffic may make a hundred retries in ten seconds', () => {
  const budget = new RetryBudget(0.2)
  assert.equal(spent(budget, 0, 200), 100)
  assert.equal(spent(budget, 9_999, 1), 0)
  assert.equal(spent(budget, 10_000, 200), 100)
})

test('every five requests allow one more retry', () => {
  const budget = new RetryBudget(0.2)
  for (let i = 0; i < 5_000; i++) budget.recordRequest(i)
  assert.equal(spent(budget, 5_000, 5_000), 100 + 1_000)
})

test('requests of more than ten seconds ago allow none', () => {
  const budget = new RetryBudget(0.2)
  for (let i = 0; i < 5_000; i++) budget.recordRequest(0)
  assert.equal(spent(budget, 60_000, 5_000), 100)
})

test('a budget of 0 allows no retry', () => {
  assert.equal(spent(new RetryBudget(0), 0, 10), 0)
})
