// The build: src/ and its packages joined into a few files, because finding and loading two hundred is a third of the
// start. In CommonJS, for bin/load.js. nodemailer stays a package: only those who send mail load it, and it is the one
// that talks to strangers, so a newer one must be enough to mend it.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: ['src/cli.ts', 'src/build/bytecode.ts'],
  platform: 'node',
  resolve: { alias: { lodash$: fileURLToPath(new URL('src/build/lodash.cjs', import.meta.url)) } },
  external: /^(node:|nodemailer)/,
  output: {
    dir: 'dist',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name].cjs',
    dynamicImportInCjs: false,
    cleanDir: true,
    comments: { annotation: false, jsdoc: false },
  },
});
