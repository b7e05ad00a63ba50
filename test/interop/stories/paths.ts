// Paths that Tomcat parses in its own way never reach an unregistered application.

import assert from 'node:assert/strict'
import { askAll, generatedPaths } from '../generated-paths.ts'
import { factsOf, Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const contexts = ['/app', '/app/admin']

export const paths: Story = {
  about: 'a path reaches only the context that the proxy chose',
  async play(t, kind) {
    const stage = await Stage.set(t, kind)
    const there = ['/', '/app', '/app/admin', '/manager']
    const listener = { excludedContexts: '/,/manager' }
    const node = await stage.start('a', { contexts: there, listener })
    await stage.usable(node, contexts)
    const report = await stage.report('a')
    assert.deepEqual(report?.contexts.map(({ path }) => path).sort(), contexts)

    await t.test('paths from known attacks on proxies', async () => {
      for (const path of [
        '/app//../manager/html',
        '/app/x/..;/..;/manager/html',
        '/app/x;/../../manager/html',
        '/app/..;/manager/html',
        '/app/%2e%2e;/manager/html',
        '/app/..%2fmanager/html',
        '/app/;/../manager/html',
      ]) {
        assert.equal((await stage.ask(path)).status, 400, path)
      }
      for (const path of ['//app/', '/app//x', '/app;v=1/x', '/app/x;jsessionid=1', '/./app/'])
        assert.equal((await stage.ask(path)).status, 200, path)
    })

    await t.test('10,000 generated paths', async (step) => {
      const tally = await askAll(stage.traffic, generatedPaths(10_000), contexts, (answer) =>
        answer.headers['x-run'] === undefined ? undefined : factsOf(answer).get('application'),
      )
      step.diagnostic(JSON.stringify(tally))
      assert.ok(tally.served > 500 && tally.refused > 500, JSON.stringify(tally))
    })
  },
}
