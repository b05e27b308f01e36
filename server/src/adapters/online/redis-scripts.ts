/** What must be one step in Redis, whoever else writes. Times and versions are compared as doubles, which hold every one we let in. */

/** A value is `event time ␟ values`; whatever else stands under a key of ours is written over. */
const guardedWrite = `
local written = 0
local keep = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  local held = redis.pcall('getrange', key, 0, 20)
  local time = type(held) == 'string' and string.match(held, '^(-?%d+)\\31')
  if not time or tonumber(time) <= tonumber(ARGV[i * 2]) then
    local value = ARGV[i * 2] .. '\\31' .. ARGV[i * 2 + 1]
    if keep > 0 then redis.call('set', key, value, 'px', keep) else redis.call('set', key, value) end
    written = written + 1
  end
end
return written`;

const replaceMark = `
local held = redis.pcall('get', KEYS[1])
if held ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2])
return 1`;

/** Lists of events as `event-list.ts` has them. */
const eventLists = `
local function later(a, b)
  if tonumber(a) >= tonumber(b) then return a else return b end
end
local function earlier(a, b)
  if a == '-' then return b elseif b == '-' then return a end
  if tonumber(a) <= tonumber(b) then return a else return b end
end
local function parse(entry)
  local version, at, since, id = string.match(entry, '^(%S+) (%S+) (%S+) (%S+) ')
  return { version = tonumber(version), at = at, since = since, id = id, text = entry }
end
local function read(key)
  local held = redis.pcall('get', key)
  local newest = type(held) == 'string' and string.match(held, '^(-?%d+)\\31%S+ %d+ %S+\\30')
  if not newest then return nil end
  local cut = #newest + 1
  local list = { newest = newest, entries = {} }
  local n = 0
  for part in string.gmatch(string.sub(held, cut + 1), '[^\\30]+') do
    n = n + 1
    if n == 1 then list.run, list.version, list.first = string.match(part, '^(%S+) (%S+) (%S+)$')
    elseif n == 2 then list.base = part
    else list.entries[n - 2] = parse(part) end
  end
  return list
end
local function write(key, list)
  local parts = { list.newest .. '\\31' .. list.run .. ' ' .. list.version .. ' ' .. list.first, list.base }
  for _, entry in ipairs(list.entries) do parts[#parts + 1] = entry.text end
  redis.call('set', key, table.concat(parts, '\\30'))
end
local function isIn(version, entry)
  return entry.version > 0 and entry.version <= tonumber(version)
end
local function place(key, held, newest, first, base, run, version, before)
  local list = { newest = newest, first = first, base = base, run = run, version = version, entries = {} }
  for _, entry in ipairs(held and held.entries or {}) do
    if tonumber(entry.at) > before and not isIn(version, entry) then
      list.entries[#list.entries + 1] = entry
      list.first = earlier(list.first, entry.since)
      list.newest = later(list.newest, entry.at)
    end
  end
  if first == '-' and #list.entries == 0 then
    if held then redis.call('del', key) end
    return held ~= nil
  end
  write(key, list)
  return true
end`;

/** `before`, then per key how many, and of each event version, time, since, id and text. */
const appendEvents = `${eventLists}
local before = tonumber(ARGV[1])
local next, written = 2, 0
for _, key in ipairs(KEYS) do
  local list = read(key) or { run = '-', version = '0', first = '-', base = '[]', entries = {} }
  local ids, byId = {}, {}
  local function put(entry)
    if not byId[entry.id] then ids[#ids + 1] = entry.id end
    byId[entry.id] = entry
  end
  local function take(id)
    byId[id] = nil
    for i, other in ipairs(ids) do
      if other == id then table.remove(ids, i) return end
    end
  end
  for _, entry in ipairs(list.entries) do
    if tonumber(entry.at) > before then put(entry) end
  end
  local count = tonumber(ARGV[next])
  next = next + 1
  for _ = 1, count do
    local entry = parse(table.concat(ARGV, ' ', next, next + 4))
    next = next + 5
    list.first = earlier(list.first, entry.since)
    list.newest = list.newest and later(list.newest, entry.at) or entry.at
    if isIn(list.version, entry) then take(entry.id)
    elseif tonumber(entry.at) > before then
      local there = byId[entry.id]
      if not there then written = written + 1 end
      if not there or there.version == 0 then put(entry) end
    end
  end
  list.entries = {}
  for i, id in ipairs(ids) do list.entries[i] = byId[id] end
  write(key, list)
end
return written`;

/** Run, version, `before`, then per key newest, first and base. */
const loadEvents = `${eventLists}
local run, version, before = ARGV[1], ARGV[2], tonumber(ARGV[3])
local written = 0
for i, key in ipairs(KEYS) do
  local at = 1 + i * 3
  if place(key, read(key), ARGV[at], ARGV[at + 1], ARGV[at + 2], run, version, before) then written = written + 1 end
end
return written`;

/** Run, version, `before`, and the newest of what is gone. */
const sweepEvents = `${eventLists}
for _, key in ipairs(KEYS) do
  local held = read(key)
  if held and held.run ~= ARGV[1] then
    place(key, held, ARGV[4], '-', '[]', ARGV[1], ARGV[2], tonumber(ARGV[3]))
  end
end
return 0`;

export const scripts = {
  guardedWrite: { lua: guardedWrite },
  replaceMark: { lua: replaceMark },
  appendEvents: { lua: appendEvents },
  loadEvents: { lua: loadEvents },
  sweepEvents: { lua: sweepEvents },
};

type Script = (keys: number, ...rest: (string | number)[]) => Promise<number>;
export type WithScripts = Readonly<Record<keyof typeof scripts, Script>>;
