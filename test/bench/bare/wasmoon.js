// @ts-check
// The CPU-bound script in wasmoon as it comes, with no limit set: every byte received runs it once.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [, , port, version] = process.argv;
const script = readFileSync(new URL('../apps/work/work.lua', import.meta.url), 'utf8');
const work = version === '5.1' ? await load51() : await load54();

createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => {
    for (const _ of data) work();
    socket.write(data);
  });
  socket.on('error', () => {});
}).listen(Number(port));

async function load54() {
  const { LuaFactory } = await import('wasmoon');
  const engine = await new LuaFactory().createEngine();
  await engine.doString(script);
  return engine.global.get('work');
}

async function load51() {
  const { Lua } = await import('wasmoon-lua5.1');
  const lua = await Lua.create();
  await lua.doString(script);
  return lua.ctx.work;
}
