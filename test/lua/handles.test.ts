/** Objects of a class of the test's own, in a VM of its own, on both engines and over both kinds of exports. */
import { describe, expect, test } from 'vitest';
import { Handles } from '../../src/lua/handles.js';
import type { ClassDefinition, ObjectClass } from '../../src/lua/object-class.js';
import { Stack } from '../../src/lua/stack.js';
import { EXPORTS, machine } from './machine.js';

class Thing {
  value = 1;
  abandoned = false;
  parked = false;
  abandon(): void {
    this.abandoned = true;
  }
  park(): void {
    this.parked = true;
  }
}

const thingClass: ClassDefinition<Thing> = {
  name: 'Thing',
  methods: {
    add: (thing, stack) => stack.pushNumber(thing.value + (stack.number(2) ?? 0)),
    nothing: () => {},
  },
  properties: {
    value: {
      get: (thing, stack) => stack.pushNumber(thing.value),
      set: (thing, stack) => {
        thing.value = stack.number(2) ?? 0;
      },
    },
    fixed: { get: (_, stack) => stack.pushText('fixed') },
  },
};

async function withThings(direct: boolean) {
  const warnings: string[] = [];
  const { vm, errors, run } = await machine({ direct });
  const stack = new Stack(vm);
  const handles = new Handles(vm, stack, (name, property) => warnings.push(`${name}.${property}`));
  const things: ObjectClass<Thing> = handles.define(thingClass);
  /** Makes a thing and assigns it to a global. */
  const make = (name: string) => {
    vm.enter('make');
    const thing = new Thing();
    vm.raw.pushglobals(vm.L);
    const handle = handles.create(things, thing);
    vm.raw.setfield(vm.L, -2, vm.bytes.name(name));
    vm.leave();
    return { thing, handle };
  };
  /** Opens the thing that a global holds. */
  const open = (name: string, handle: ReturnType<typeof make>['handle']) => {
    vm.enter('open');
    vm.raw.pushglobals(vm.L);
    vm.raw.getfield(vm.L, -1, vm.bytes.name(name));
    handles.open.retain(handle, -1);
    vm.leave();
  };
  return { vm, handles, errors, warnings, run, make, open };
}

const COLLECT = 'for i = 1, 4 do collectgarbage() end';
const nothing = () => 0;

describe.each(EXPORTS)('over the %s exports', (_, direct) => {
  test('methods and properties are those of the object behind, and other fields the script’s', async () => {
    const { run, make, warnings } = await withThings(direct);
    const { thing } = make('t');
    expect(run('t.value = 5 t.own = "x" t.fixed = 1 return t:add(2) .. t.value .. t.own .. t.fixed')).toBe(
      '75xfixed',
    );
    expect(
      run('return tostring(t.missing) .. select("#", t:nothing()) .. tostring(rawget(t, "value"))'),
    ).toBe('nil0nil');
    expect(thing.value).toBe(5);
    expect(warnings).toEqual(['Thing.fixed']);
  });

  test('an event of an open object calls its field, and gives its number back', async () => {
    const { run, make, open, handles, errors } = await withThings(direct);
    const { handle } = make('t');
    run('function t:onEvent(...) seen = select("#", ...) .. tostring(self == t) return "7" end');
    expect(handles.emit(handle, 'onEvent', nothing, undefined, undefined)).toBe(0);
    open('t', handle);
    expect(handles.emit(handle, 'onEvent', nothing, undefined, undefined)).toBe(7);
    expect(run('return seen')).toBe('0true');
    expect(handles.emit(handle, 'onOther', nothing, undefined, undefined)).toBe(0);
    run('function t:onEvent() error("boom", 0) end');
    expect(handles.emit(handle, 'onEvent', nothing, undefined, undefined)).toBe(0);
    expect(errors).toEqual([expect.stringMatching(/^onEvent: boom\n/)]);
  });

  test('an event inside a method inside an event finds its way back', async () => {
    const { vm, run, make, open, handles, errors } = await withThings(direct);
    const { handle } = make('t');
    open('t', handle);
    let depth = 0;
    vm.enter('setup');
    vm.raw.pushglobals(vm.L);
    vm.setFunction('again', () => {
      if (++depth < 20) handles.emit(handle, 'onEvent', nothing, undefined, undefined);
      return 0;
    });
    vm.leave();
    run('count = 0 function t:onEvent() again() count = count + 1 end');
    handles.emit(handle, 'onEvent', nothing, undefined, undefined);
    expect(run('return count')).toBe('20');
    expect(vm.depth).toBe(0);
    expect(vm.raw.gettop(vm.raw.L)).toBe(1);
    expect(errors).toEqual([]);
  });

  test('a closed object that nothing refers to is forgotten, an open one is not', async () => {
    const { run, make, open, handles } = await withThings(direct);
    const first = make('a');
    make('b');
    open('a', first.handle);
    run(`a, b = nil, nil ${COLLECT}`);
    expect(handles.count).toBe(1);
    handles.open.release(first.handle);
    run(COLLECT);
    expect(handles.count).toBe(0);
  });

  test('ten thousand objects leave nothing behind: their slots are used again', async () => {
    const { vm, run, make, handles } = await withThings(direct);
    run(COLLECT);
    const before = vm.registry.size;
    for (let i = 0; i < 10_000; i++) make('t');
    run(`t = nil ${COLLECT}`);
    expect(handles.count).toBe(0);
    expect(vm.registry.size).toBe(before);
  });

  test('a table that has got the memory of a collected object is not taken for it', async () => {
    const { run, make } = await withThings(direct);
    make('t');
    run('add = t.add wrong = 0');
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 20; j++) make('t');
      run('for i = 1, 50 do if pcall(add, {}) then wrong = wrong + 1 end end');
    }
    expect(run('return wrong')).toBe('0');
  });

  test('closeAll abandons or parks what is open, and spares what it is told to', async () => {
    const { make, open, handles } = await withThings(direct);
    const [a, b, c] = [make('a'), make('b'), make('c')];
    for (const [name, { handle }] of Object.entries({ a, b })) open(name, handle);
    let emptied = 0;
    handles.open.onEmpty = () => emptied++;
    handles.open.close(true, (resource) => resource === a.thing);
    expect([a.thing.parked, b.thing.parked, c.thing.parked]).toEqual([false, true, false]);
    expect([handles.open.size, emptied]).toEqual([1, 0]);
    handles.open.close(false);
    expect([a.thing.abandoned, b.thing.abandoned, handles.open.size, emptied]).toEqual([true, false, 0, 1]);
  });

  test('after close nothing enters the machine', async () => {
    const { vm, make, open, handles, errors } = await withThings(direct);
    const { handle } = make('t');
    open('t', handle);
    vm.close();
    expect(handles.emit(handle, 'onEvent', nothing, undefined, undefined)).toBe(0);
    expect(handles.handles(handle, 'onEvent')).toBe(false);
    handles.open.release(handle);
    expect(errors).toEqual([]);
  });
});
