import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '../../../src/wire/html.ts'

test('a value in a template is escaped unless it is HTML already', () => {
  const inner = html`<b>${'<i>'}</b>`
  assert.equal(
    html`<p title="${'"&\''}">${inner}${[inner, inner]}${3}</p>`.text,
    '<p title="&quot;&amp;&#39;"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>3</p>',
  )
})
