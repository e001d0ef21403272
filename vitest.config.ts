import { configDefaults, defineConfig } from 'vitest/config';

/**
 * What runs no script, or is about sockets and takes long, is tested once. The rest runs on both engines:
 * test/support/server.ts reads the variable.
 */
const WITHOUT_LUA = [
  'test/{bench,commands,config,e2e,hostile,log,mail,net,ops,soak}/**',
  'test/lua/amf-*',
  'test/properties/{rest,address,tcp-*,udp-*}.test.ts',
];

/** What is not about Node's sockets. */
const BESIDE_NET = [
  'test/!(net|properties)/**',
  'test/*.test.ts',
  'test/properties/!(tcp-sequences|udp-sequences).test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // On a machine that others slow down a deadline can pass; twice in a row it is a defect.
    retry: process.env['CI'] ? 1 : 0,
    // Two cores: more forks than cores only makes the socket tests compete for time.
    maxWorkers: 2,
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'test-report.json' }]] : ['default'],
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/leaks.ts'],
    projects: [
      { extends: true, test: { name: 'lua5.4', env: { CUMULUS_TEST_LUA: '5.4' } } },
      // Where Node's inside is not as it is known: test/net/sockets.ts reads the variable.
      {
        extends: true,
        test: {
          name: 'public API',
          env: { CUMULUS_TEST_NODE: 'public' },
          // An `include` would be added to the one above.
          exclude: [...configDefaults.exclude, ...BESIDE_NET],
        },
      },
      {
        extends: true,
        test: {
          name: 'lua5.1',
          env: { CUMULUS_TEST_LUA: '5.1' },
          exclude: [...configDefaults.exclude, ...WITHOUT_LUA],
        },
      },
    ],
  },
});
