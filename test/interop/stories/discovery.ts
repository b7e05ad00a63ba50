// Tomcats without a list of proxies find the proxy by multicast.

import assert from 'node:assert/strict'
import { freePorts } from '../../support/free-ports.ts'
import { multicastWorks } from '../../support/multicast.ts'
import { Stage } from '../stage.ts'
import type { Story } from '../story.ts'

const group = '224.0.1.105'
const key = 'sesame'

export const discovery: Story = {
  about: 'a node finds the proxy by multicast if their keys are equal',
  async play(t, kind) {
    if (!(await multicastWorks(group, '127.0.0.1')))
      return t.skip('no multicast on the loopback interface')
    const [port = 0] = await freePorts(1)
    const stage = await Stage.set(t, kind, {
      TOPSPIN_ADVERTISE_GROUP: `${group}:${port}`,
      TOPSPIN_ADVERTISE_INTERFACE: '127.0.0.1',
      TOPSPIN_ADVERTISE_KEY: key,
      TOPSPIN_ADVERTISE_EVERY: '200ms',
    })
    const listening = (advertiseSecurityKey: string): Record<string, string> => ({
      proxyList: '',
      advertise: 'true',
      advertiseGroupAddress: group,
      advertisePort: String(port),
      advertiseInterface: '127.0.0.1',
      advertiseSecurityKey,
    })
    const stranger = await stage.start('b', { listener: listening('other') })
    const found = await stage.node('a', { listener: listening(key) })
    assert.equal((await stage.ask('/shop/')).headers['x-run'], found.run)
    // Two more reports: the node with another key, which started first, has had twice the time.
    await stage.reports(found, 3)
    assert.equal(await stage.report(stranger.route), undefined)
    assert.equal(stage.tap.heard.length, 0)
  },
}
