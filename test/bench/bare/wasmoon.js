// The CPU-bound script in wasmoon as it comes, with no limit set: every byte received runs it once.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [, , port, version] = process.argv;
const { LuaFactory } = await import(version === '5.1' ? 'wasmoon-lua5.1' : 'wasmoon');
const script = readFileSync(new URL('../apps/work/work.lua', import.meta.url), 'utf8');
const engine = await new LuaFactory().createEngine();
await engine.doString(script);
const work = engine.global.get('work');

createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => {
    for (const _ of data) work();
    socket.write(data);
  });
  socket.on('error', () => {});
}).listen(Number(port));
