-- Requests for wrk, and its figures as one line of JSON.
-- Arguments: kind (get, close, pipelined, post, chunked) and path.

local bodyBytes, chunkBytes, pipelined = 10240, 1024, 16
local raw

function init(args)
  local kind, path = args[1], args[2]
  if kind == 'get' then
    raw = wrk.format('GET', path)
  elseif kind == 'close' then
    raw = wrk.format('GET', path, { Connection = 'close' })
  elseif kind == 'pipelined' then
    raw = string.rep(wrk.format('GET', path), pipelined)
  elseif kind == 'post' then
    raw = wrk.format('POST', path, {}, string.rep('b', bodyBytes))
  elseif kind == 'chunked' then
    local head = wrk.format('POST', path, { ['Transfer-Encoding'] = 'chunked' })
    local chunk = string.format('%x\r\n', chunkBytes) .. string.rep('b', chunkBytes) .. '\r\n'
    raw = head .. string.rep(chunk, bodyBytes / chunkBytes) .. '0\r\n\r\n'
  else
    error('unknown kind of request: ' .. kind)
  end
end

function request()
  return raw
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"microseconds":%d,"requests":%d,"bytes":%d,"p50":%d,"p99":%d,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}',
    summary.duration, summary.requests, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
