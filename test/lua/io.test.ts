/** Lua's `io` on the real disk, on both engines. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, printed, serve } from '../support/script.js';
import { freePort, LUA_VERSION, startServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';

const BYTES = Uint8Array.from({ length: 256 }, (_, i) => i);

test('what is written is read back, byte for byte', async () => {
  const server = await serve({
    'main.lua': `
      local f = assert(io.open('in.bin', 'rb'))
      local all = f:read('*a')
      assert(f:close())
      assert(#all == 256, #all)
      for i = 0, 255 do assert(all:byte(i + 1) == i) end
      local out = assert(io.open('out.bin', 'wb'))
      assert(out:write(all, all) == out)
      assert(out:close())
      print('done')`,
    'in.bin': BYTES,
  });
  expect(server.log.texts('error')).toEqual([]);
  expect(server.log.texts('print')).toEqual(['done']);
  const written = readFileSync(join(server.folder, 'www/out.bin'));
  expect(written.equals(Buffer.concat([BYTES, BYTES]))).toBe(true);
});

test('read knows its formats, with and without an asterisk', async () => {
  const lines = await printed({
    'main.lua': `
      local f = assert(io.open('data.txt'))
      print(f:read('*l')) print(f:read('l')) print(f:read('*n', 'n')) print((f:read('L')))
      print(f:read('*L')) print(f:read(3)) print(f:read(0)) print(f:read('l', 'l'))
      print(#f:read('a')) print(f:read('l')) print(f:read('a')) print(f:read(0)) print(f:read(5))`,
    'data.txt': 'first\nsecond\n 12 0x10\nthird\nabcdef\nx\ny',
  });
  expect(lines).toEqual([
    'first',
    'second',
    '12\t16',
    '\n',
    'third\n',
    'abc',
    '',
    'def\tx',
    '1',
    'nil',
    '',
    'nil',
    'nil',
  ]);
});

test('read("n") takes numbers as this engine writes them, and gives nil for what is none', async () => {
  const lines = await printed({
    'main.lua': `
      local f = assert(io.open('data.txt'))
      print(f:read('n', 'n', 'n', 'n', 'n'))
      print(f:read('n')) print(f:read('l'))
      print(f:read('n')) print(f:read('l'))
      print(f:read('n'))`,
    'data.txt': '1 -2.5 1e3 +7 .5 nan rest\n-x\n',
  });
  const float = LUA_VERSION === '5.4' ? '1000.0' : '1000';
  expect(lines).toEqual([`1\t-2.5\t${float}\t7\t0.5`, 'nil', 'nan rest', 'nil', 'x', 'nil']);
});

test('an integer of 64 bits is read exactly by 5.4', async () => {
  const lines = await printed({
    'main.lua': `print(io.open('data.txt'):read('n'))`,
    'data.txt': '9007199254740993',
  });
  expect(lines).toEqual([LUA_VERSION === '5.4' ? '9007199254740993' : '9.007199254741e+15']);
});

test('lines may be longer than any buffer, empty, and without an end', async () => {
  const long = 'x'.repeat(200_000);
  const lines = await printed({
    'main.lua': `
      for line in io.lines('data.txt') do print(#line) end
      for line in io.lines('data.txt', 'L') do io.write(#line, ' ') end
      io.write('\\n')
      for a, b in io.lines('short.txt', 2, 1) do print(a, b) end`,
    'data.txt': `${long}\n\n${long}`,
    'short.txt': 'abcdefgh',
  });
  expect(lines).toEqual(['200000', '0', '200000', '200001 1 200000 ', 'ab\tc', 'de\tf', 'gh\tnil']);
});

test.each([
  ['r', 'old', 'nil: Bad file descriptor 9'],
  ['w', 'new', 'ok'],
  ['a', 'oldnew', 'ok'],
  ['r+', 'new', 'ok'],
  ['w+', 'new', 'ok'],
  ['a+b', 'oldnew', 'ok'],
])('mode "%s" on an existing file', async (mode, content, outcome) => {
  const server = await serve({
    'main.lua': `
      local f = assert(io.open('data.txt', '${mode}'))
      local good, message, code = f:write('new')
      print(good and 'ok' or ('nil: ' .. message .. ' ' .. code))
      f:close()`,
    'data.txt': 'old',
  });
  expect(server.log.texts('print')).toEqual([outcome]);
  expect(readFileSync(join(server.folder, 'www/data.txt'), 'utf8')).toBe(content);
});

test('reading and writing one file keep one position, and seek moves it', async () => {
  const lines = await printed({
    'main.lua': `
      local f = assert(io.open('data.txt', 'r+'))
      print(f:read(2), f:seek())
      f:write('XY') print(f:seek('cur', 0), f:read(2))
      print(f:seek('set', 1), f:read(4)) print(f:seek('end'), f:read(1)) print(f:seek('end', -1), f:read(1))
      print(f:seek('set', -1))
      f:seek('set') f:write('0') f:seek('set') print(f:read('a'))`,
    'data.txt': 'abcdefgh',
  });
  expect(lines).toEqual([
    'ab\t2',
    '4\tef',
    '1\tbXYe',
    '8\tnil',
    '7\th',
    'nil\tInvalid argument\t22',
    '0bXYefgh',
  ]);
});

test('appending always goes to the end, whatever was read before', async () => {
  const lines = await printed({
    'main.lua': `
      local f = assert(io.open('log.txt', 'a+'))
      print(f:read('l')) f:write('two\\n') print(f:seek()) f:seek('set') print(f:read('a'))`,
    'log.txt': 'one\n',
  });
  expect(lines).toEqual(['one', '8', 'one\ntwo\n']);
});

test('errors are nil, "name: reason" and the number', async () => {
  const lines = await printed(`
    print(io.open('missing.txt'))
    print(io.open('no/such/folder.txt', 'w'))
    print(io.open('.', 'w'))
    print(os.remove('missing.txt'))
    print(os.rename('missing.txt', 'other.txt'))
    print(pcall(io.lines, 'missing.txt'))`);
  expect(lines.slice(0, 2)).toEqual([
    'nil\tmissing.txt: No such file or directory\t2',
    'nil\tno/such/folder.txt: No such file or directory\t2',
  ]);
  expect(lines[2]).toMatch(/^nil\t\.: .*\t\d+$/);
  expect(lines.slice(3)).toEqual([
    'nil\tmissing.txt: No such file or directory\t2',
    'nil\tmissing.txt: No such file or directory\t2',
    'false\tmissing.txt: No such file or directory',
  ]);
});

test('wrong use raises an error with the position of the script', async () => {
  const cases = [
    [`io.open('a', 'x')`, `bad argument #2 to 'open' (invalid mode)`],
    [`io.open()`, `bad argument #1 to 'open' (string expected, got no value)`],
    [`io.stdout.write('x')`, `bad argument #1 to 'write' (FILE* expected, got string)`],
    [`io.write({})`, `bad argument #1 to 'write' (string expected, got table)`],
    [`io.read('x')`, `bad argument #1 to 'read' (invalid format)`],
    [`io.tmpfile():read('a', -1)`, `bad argument #2 to 'read' (the number of bytes cannot be negative)`],
    [`local f = io.tmpfile() f:close() f:read()`, 'attempt to use a closed file'],
    [`for l in io.lines('missing') do end`, 'missing: No such file or directory'],
    [`local f = io.tmpfile() local n = f:lines() f:close() n()`, 'attempt to use a closed file'],
    [`io.tmpfile():seek('middle')`, `bad argument #1 to 'seek' (invalid option 'middle')`],
    [`io.input('missing')`, 'missing: No such file or directory'],
  ];
  for (const [code, message] of cases)
    expect(await failure(`\n${code}`)).toContain(`www/main.lua:2: ${message}`);
});

test('default files: input, output, read, write, lines, close', async () => {
  const lines = await printed({
    'main.lua': `
      assert(io.type(io.input('in.txt')) == 'file')
      print(io.read(), io.read('n'))
      for line in io.lines() do print('[' .. line .. ']') end
      local out = io.output('out.txt')
      assert(io.write('a', 1, '\\n') == out)
      io.output():write('b')
      assert(io.close())
      print(pcall(io.write, 'c'))
      io.output(io.stdout)
      io.input(assert(io.open('out.txt'))) print(io.read('a'))`,
    'in.txt': 'one\n2\nthree\n',
  });
  expect(lines).toEqual(['one\t2', '[]', '[three]', 'false\tdefault output file is closed', 'a1\nb']);
});

test('standard output and error become lines of print; standard input is at its end', async () => {
  const lines = await printed(`
    io.write('one\\ntw') io.stdout:write('o\\nrest') print(io.stdout:flush())
    io.stderr:write('trouble\\n')
    print(io.read(), io.read('a'), io.read('n'), io.stdin:read(1))
    print(io.stdout:close()) print(io.type(io.stdout), io.stdout:seek())
    print(io.stdin:write('x'))`);
  expect(lines).toEqual([
    'one',
    'two',
    'rest',
    'true',
    'trouble',
    'nil\t\tnil\tnil',
    'nil\tcannot close standard file',
    'file\tnil\tIllegal seek\t29',
    'nil\tBad file descriptor\t9',
  ]);
});

test('io.type, tostring and the metatable tell little', async () => {
  const lines = await printed(`
    local f = io.tmpfile()
    print(type(f), io.type(f), (tostring(f):gsub('0x%x+', 'address')), getmetatable(f))
    f:close()
    print(io.type(f), tostring(f), io.type('x'), io.type({}))`);
  expect(lines).toEqual(['userdata\tfile\tfile (address)\tFILE*', 'closed file\tfile (closed)\tnil\tnil']);
});

test('setvbuf decides when the bytes reach the disk', async () => {
  const lines = await printed(`
    local function size() local f = io.open('x.txt') local n = f:seek('end') f:close() return n end
    local f = io.open('x.txt', 'w')
    f:write('1\\n') print(size())
    print(f:setvbuf('line'), size()) f:write('2') print(size()) f:write('\\n') print(size())
    f:setvbuf('no') f:write('3') print(size())
    f:setvbuf('full', 1024) f:write('4') print(size()) print(f:flush(), size())`);
  expect(lines).toEqual(['0', 'true\t2', '2', '4', '5', '5', 'true\t6']);
});

test('a temporary file can be written and read, and leaves nothing in the folder', async () => {
  const lines = await printed(`
    local f = io.tmpfile() f:write('hello') f:seek('set') print(f:read('a'))
    local name = os.tmpname() print(name:find('www/lua_%w+$') ~= nil)
    local g = assert(io.open(name, 'w')) g:close() print(os.remove(name), io.open(name))`);
  expect(lines.slice(0, 2)).toEqual(['hello', 'true']);
  expect(lines[2]).toMatch(/^true\tnil\t.*No such file or directory\t2$/);
});

test('remove and rename work on files, links and empty folders', async () => {
  const server = await serve({
    'main.lua': `
      print(os.rename('a.txt', 'sub/b.txt')) print(io.open('sub/b.txt'):read('a'))
      print(os.remove('sub')) print(os.remove('sub/b.txt')) print(os.remove('sub/keep.txt')) print(os.remove('sub'))`,
    'a.txt': 'text',
    'sub/keep.txt': '',
  });
  expect(server.log.texts('print')).toEqual([
    'true',
    'text',
    'nil\tsub: Directory not empty\t39',
    'true',
    'true',
    'true',
  ]);
});

test('files that are dropped are closed by the collector, and a script that never closes any goes on', async () => {
  const lines = await printed(`
    for i = 1, 2000 do io.open('f' .. i % 10, 'w'):write(i) end
    print('done')`);
  expect(lines).toEqual(['done']);
});

test('an application has at most 256 files open', async () => {
  const lines = await printed(`
    local held = {}
    for i = 1, 256 do held[i] = assert(io.tmpfile()) end
    print(io.open('one-more', 'w'))
    held[1]:close()
    print(io.type(io.open('one-more', 'w')))`);
  expect(lines).toEqual(['nil\tone-more: Too many open files (256 in one application)\t24', 'file']);
});

test('what was written without closing is on the disk when the application has stopped', async () => {
  const server = await serve(`
    kept = io.open('kept.txt', 'w') kept:write('kept')
    function onStop() kept:write(' to the end') io.write('no end of line') end`);
  await server.server.stop();
  expect(readFileSync(join(server.folder, 'www/kept.txt'), 'utf8')).toBe('kept to the end');
  expect(server.log.texts('print')).toEqual(['no end of line']);
});

test('a version that drains still uses its files, and what the new one reads is complete', async () => {
  const port = await freePort();
  const main = (version: string) => `
    local log = io.open('log.txt', 'a')
    log:write('${version}\\n')
    server = cumulus:createTCPServer()
    function server:clientHandler(client)
      function client:onReception(data)
        log:write(data) log:flush()
        self:send('${version} wrote\\n')
        return 0
      end
    end
    server:start(${port})
    for line in io.lines('log.txt') do print('${version} sees', line) end`;
  const server = await startServer(main('one'), '[reload]\nenabled=false\ndrain=20\n');
  const peer = await Peer.connect(port);
  try {
    peer.send('early\n');
    expect(await peer.readUntil()).toBe('one wrote\n');
    server.write('main.lua', main('two'));
    await server.server.refresh();
    expect(server.log.texts('print')).toContain('two sees\tone');
    peer.send('late\n');
    expect(await peer.readUntil()).toBe('one wrote\n');
  } finally {
    peer.close();
    await server.server.stop();
  }
  expect(readFileSync(join(server.folder, 'www/log.txt'), 'utf8')).toBe('one\nearly\nlate\ntwo\n');
  await server.stop();
});

test('10 MiB are read line by line in less than a second', async () => {
  const server = await serve({
    'main.lua': `
      local t, n, bytes = os.clock(), 0, 0
      for line in io.lines('big.txt') do n = n + 1 bytes = bytes + #line end
      print(n, bytes, os.clock() - t < 1)`,
    'big.txt': `${'x'.repeat(59)}\n`.repeat(174_763),
  });
  expect(server.log.texts('print')).toEqual([`174763\t${174_763 * 59}\ttrue`]);
});

test('a read that would need more than the memory of the application is an error, and the application goes on', async () => {
  const lines = await printed(
    {
      'main.lua': `
        local f = io.open('/dev/zero')
        print(pcall(f.read, f, 'a')) print(pcall(f.read, f, 'l')) print(pcall(f.read, f, 2^40))
        print(#f:read(1000))`,
    },
    '[lua]\nfiles=any\nmemory=32\n',
  );
  expect(lines).toEqual([...Array(3).fill('false\tnot enough memory'), '1000']);
});

test('file names are bytes', async () => {
  const server = await serve(`
    local f = assert(io.open('caf\\233.txt', 'w')) f:write('latin') f:close()
    print(io.open('caf\\233.txt'):read('a'))
    io.open('caf\\195\\169.txt', 'w'):close()`);
  expect(server.log.texts('print')).toEqual(['latin']);
  const latin = Buffer.concat([
    Buffer.from(`${server.folder}/www/caf`),
    Buffer.of(0xe9),
    Buffer.from('.txt'),
  ]);
  expect(readFileSync(latin, 'utf8')).toBe('latin');
  expect(readFileSync(join(server.folder, 'www/café.txt'), 'utf8')).toBe('');
});

test('os.time, date, clock, difftime and getenv tell the truth', async () => {
  const before = Math.floor(Date.now() / 1000);
  const [time, date, utc, round, difference, clock, path, missing] = await printed(`
    print(os.time()) print(os.date('%Y-%m-%d %H:%M:%S', 1720000000)) print(os.date('!%Y-%m-%d %H:%M:%S', 1720000000))
    local t = os.date('*t', 1720000000) print(os.time(t) == 1720000000)
    print(os.difftime(10, 4) == 6)
    local c = os.clock() local x = 0 for i = 1, 3000000 do x = x + i end print(os.clock() > c and c > 0)
    print(os.getenv('PATH')) print(os.getenv('CUMULUS_NO_SUCH_VARIABLE'))`);
  expect(Number(time)).toBeGreaterThanOrEqual(before);
  const local = new Date(1_720_000_000_000);
  const two = (n: number) => String(n).padStart(2, '0');
  expect(date).toBe(
    `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())} ` +
      `${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`,
  );
  expect([utc, round, difference, clock]).toEqual(['2024-07-03 09:46:40', 'true', 'true', 'true']);
  expect([path, missing]).toEqual([process.env['PATH'], 'nil']);
});

test('a file that grows is read on from where its end was', async () => {
  const server = await serve({
    'main.lua': `
      f = io.open('grow.txt') print(f:read('l', 'l'))
      function onManage() local line = f:read('l') if line then print(line) end end`,
    'grow.txt': 'one\n',
  });
  writeFileSync(join(server.folder, 'www/grow.txt'), 'one\ntwo\n');
  await server.log.waitFor('two');
});
