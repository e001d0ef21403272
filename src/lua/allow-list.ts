/**
 * What a script sees: the names of the globals, and of the members of each library. Everything else that an engine
 * brings is removed; a name that an engine does not have is not an error.
 */

const EVERYWHERE = {
  _G: `
    _G _VERSION assert collectgarbage coroutine debug dofile error getmetatable io ipairs load loadfile math next os
    package pairs pcall rawequal rawget rawset require select setmetatable string table tonumber tostring type xpcall
    gcinfo getfenv loadstring module newproxy setfenv unpack bit jit
    cumulus super print FATAL CRITIC ERROR WARN NOTE INFO DEBUG TRACE`,
  coroutine: 'create resume running status wrap yield',
  debug: 'getinfo traceback',
  io: 'close flush input lines open output popen read stderr stdin stdout tmpfile type write',
  math: `
    abs acos asin atan ceil cos deg exp floor fmod huge log max min modf pi rad random randomseed sin sqrt tan
    atan2 cosh frexp ldexp log10 mod pow sinh tanh`,
  os: 'clock date difftime execute exit getenv remove rename setlocale time tmpname',
  package: 'config cpath loaded loaders loadlib path preload searchers searchpath seeall',
  string: 'byte char find format gfind gmatch gsub len lower match rep reverse sub upper',
  table: 'concat foreach foreachi getn insert maxn remove setn sort',
} as const;

/** Of Lua 5.4 alone. */
const IN_54: Readonly<Record<string, string>> = {
  _G: 'rawlen utf8 warn',
  coroutine: 'close isyieldable',
  math: 'maxinteger mininteger tointeger type ult',
  string: 'pack packsize unpack',
  table: 'move pack unpack',
  utf8: 'char charpattern codepoint codes len offset',
};

/** Library → its members, separated by white space. "_G" is the globals. */
export const ALLOW_LIST: Readonly<Record<'5.4' | '5.1', Readonly<Record<string, string>>>> = {
  '5.1': EVERYWHERE,
  '5.4': Object.fromEntries(
    Object.keys({ ...EVERYWHERE, ...IN_54 }).map((library) => [
      library,
      `${(EVERYWHERE as Record<string, string>)[library] ?? ''} ${IN_54[library] ?? ''}`,
    ]),
  ),
};
