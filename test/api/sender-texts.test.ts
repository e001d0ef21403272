/** Texts of senders: one Lua string for each, and none left behind. */
import { expect, test } from 'vitest';
import { SenderTexts } from '../../src/lua/api/sender-texts.js';
import type { Sender } from '../../src/net/address-book.js';
import { MIB, machine } from '../lua/machine.js';

function senderOf(text: string): Sender {
  return { text, host: '127.0.0.1', systemHost: '127.0.0.1', port: 1, family: 4 };
}

/** More than Lua keeps one copy of. */
const LONG = `[fe80::1234:5678:9abc:def0%a-very-long-interface-name]:65535`;

test('a sender is known by its string, whoever made it, until it is forgotten', async () => {
  const { vm } = await machine();
  const texts = new SenderTexts(vm);
  const sender = senderOf('127.0.0.1:4000');
  expect(texts.pushDatagram(vm, Buffer.from('data'), sender)).toBe(2);
  expect(vm.bytes.text(vm.L, -2)).toBe('data');
  expect(vm.bytes.text(vm.L, -1)).toBe(sender.text);
  expect(texts.at(-1)).toBe(sender);
  expect(texts.at(-2)).toBeUndefined();
  vm.bytes.pushText(vm.L, sender.text);
  expect(texts.at(-1)).toBe(sender);
  vm.bytes.pushText(vm.L, '127.0.0.1:4001');
  expect(texts.at(-1)).toBeUndefined();
  texts.forget();
  expect(texts.at(-2)).toBeUndefined();
});

test('a text of which Lua makes several strings is known by the one that was pushed', async () => {
  const { vm } = await machine();
  const texts = new SenderTexts(vm);
  const sender = senderOf(LONG);
  texts.pushDatagram(vm, Buffer.alloc(0), sender);
  texts.pushDatagram(vm, Buffer.alloc(0), sender);
  expect(texts.at(-1)).toBe(sender);
  expect(vm.raw.tolstring(vm.L, -1, 0)).toBe(vm.raw.tolstring(vm.L, -3, 0));
});

test('of thousands of senders only the latest are kept, and none when they are forgotten', async () => {
  const { vm } = await machine();
  const texts = new SenderTexts(vm);
  const before = vm.registry.size;
  for (let i = 0; i < 5000; i++) {
    const sender = senderOf(`127.0.0.1:${i}`);
    texts.pushDatagram(vm, Buffer.alloc(1), sender);
    expect(texts.at(-1)).toBe(sender);
    vm.raw.settop(vm.L, 1);
    expect(vm.registry.size - before).toBeLessThanOrEqual(1024);
    expect(vm.registry.size - before).toBe(vm.registry.cached);
  }
  texts.forget();
  expect([vm.registry.size, vm.registry.cached]).toEqual([before, 0]);
});

test('a machine without memory keeps no texts, and no slot is lost', async () => {
  const { vm, run } = await machine({ memory: 4 * MIB });
  const texts = new SenderTexts(vm);
  run('kept = {} while true do kept[#kept + 1] = ("x"):rep(100) .. #kept end');
  const before = vm.registry.size;
  let failed = 0;
  for (let i = 0; i < 3000; i++) {
    if (!vm.enter('test')) throw new Error('broken');
    try {
      texts.pushDatagram(vm, Buffer.alloc(500), senderOf(`127.0.0.1:${i}`));
    } catch (error) {
      failed++;
      vm.fail(error);
    } finally {
      vm.leave();
    }
  }
  expect(failed).toBeGreaterThan(0);
  expect(vm.registry.size - before).toBe(vm.registry.cached);
  texts.forget();
  expect(vm.registry.cached).toBeLessThanOrEqual(1);
});
