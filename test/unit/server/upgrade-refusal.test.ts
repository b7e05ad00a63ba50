import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Circumstances, upgradeRefusal } from '../../../src/server/upgrade/refusal.ts'

const usual: Circumstances = { pid: 20, ppid: 10, environment: {}, init: 'systemd' }

test('a process that a shell or systemd with Type=notify has started can be replaced', () => {
  assert.equal(upgradeRefusal(usual), undefined)
  assert.equal(upgradeRefusal({ ...usual, ppid: 1 }), undefined)
  const environment = { SYSTEMD_EXEC_PID: '20', NOTIFY_SOCKET: '/run/systemd/notify' }
  assert.equal(upgradeRefusal({ ...usual, ppid: 1, environment }), undefined)
  assert.equal(upgradeRefusal({ ...usual, environment: { SYSTEMD_EXEC_PID: '7' } }), undefined)
})

test('where the end of this process ends the service, the refusal says what to do instead', () => {
  for (const [circumstances, advice] of [
    [{ pid: 1 }, /process 1, which cannot be replaced; .* start a container of the new image/],
    [{ ppid: 1, init: 'tini' }, /started by tini.* start a container of the new image/],
    [{ environment: { pm_id: '0' } }, /pm2 restart/],
    [{ environment: { SYSTEMD_EXEC_PID: '20' } }, /set Type=notify and NotifyAccess=all/],
  ] as const)
    assert.match(upgradeRefusal({ ...usual, ...circumstances }) ?? '', advice)
})
